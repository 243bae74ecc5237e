import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { variants } from "../../wasm/variants.mjs";
import { replaceFolder } from "../replaced-folder.mjs";
import { hashOf, isFresh } from "../stamp.mjs";

const inputs = (chosen) =>
  hashOf(
    "ts",
    ...chosen.map((variant) => `build/wasm/${variant}`),
    "rollup.config.js",
    "scripts/bundle",
    "package.json",
    "tsconfig.json",
  ) + chosen.join();

const all = Object.keys(variants);
const isCurrent = (chosen) => existsSync(join(root, "dist")) && isFresh("dist", inputs(chosen));

/**
 * The package as it is published; of fewer builds only the command line and Node's entry, which is what `npm start` runs.
 * The old dist stays until the new one is complete.
 */
export function dist(chosen = all) {
  return {
    title: "JavaScript bundles (rollup)",
    seconds: 25,
    needed: () => !isCurrent(all) && !isCurrent(chosen),
    run: () =>
      replaceFolder(
        { place: join(root, "dist"), fresh: join(root, "build/dist"), stamp: "dist", hash: inputs(chosen) },
        (folder) =>
          run("node", ["node_modules/rollup/dist/bin/rollup", "--config", "--silent"], {
            cwd: root,
            env: { DIST: folder, BUILDS: chosen.join() },
          }),
      ),
  };
}
