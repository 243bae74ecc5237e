import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../stamp.mjs";

/** A package beside lowrank as it is published. The old build stays until the new one is complete. */
const built = (name) => {
  const folder = `packages/${name}`;
  const place = join(root, folder, "dist");
  const inputs = () =>
    hashOf(`${folder}/src`, `${folder}/package.json`, "packages/rollup.config.js", "scripts/bundle", "dist/index.d.ts");
  return {
    title: `@lowrank/${name} (rollup)`,
    seconds: 10,
    needed: () => !existsSync(place) || !isFresh(`package-${name}`, inputs()),
    async run() {
      const hash = inputs();
      const fresh = join(root, `build/${name}-${process.pid}`);
      try {
        const config = ["--config", "packages/rollup.config.js", "--silent"];
        await run("node", ["node_modules/rollup/dist/bin/rollup", ...config], {
          cwd: root,
          env: { DIST: fresh, PACKAGE: name },
        });
        clearStamp(`package-${name}`);
        rmSync(place, { recursive: true, force: true });
        renameSync(fresh, place);
        setStamp(`package-${name}`, hash);
      } finally {
        rmSync(fresh, { recursive: true, force: true });
      }
    },
  };
};

/** The packages of packages/. */
export const packages = [built("flower"), built("queue")];
