import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { replaceFolder } from "../replaced-folder.mjs";
import { hashOf, isFresh } from "../stamp.mjs";

/** A package beside lowrank as it is published. */
const built = (name) => {
  const folder = `packages/${name}`;
  const place = join(root, folder, "dist");
  const stamp = `package-${name}`;
  const inputs = () =>
    hashOf(`${folder}/src`, `${folder}/package.json`, "packages/rollup.config.js", "scripts/bundle", "dist/index.d.ts");
  return {
    title: `@lowrank/${name} (rollup)`,
    after: ["package"],
    makes: "packages",
    seconds: 10,
    needed: () => !existsSync(place) || !isFresh(stamp, inputs()),
    run: () =>
      replaceFolder({ place, fresh: join(root, "build", name), stamp, hash: inputs() }, (fresh) => {
        const config = ["--config", "packages/rollup.config.js", "--silent"];
        const env = { DIST: fresh, PACKAGE: name };
        return run("node", ["node_modules/rollup/dist/bin/rollup", ...config], { cwd: root, env });
      }),
  };
};

/** The packages of packages/. */
export const packages = [built("flower"), built("queue")];
