import { copyFileSync, cpSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../paths.mjs";
import { run } from "../process.mjs";
import { variants } from "../../wasm/variants.mjs";
import { replaceFolder } from "../replaced-folder.mjs";
import { hashOf, isFresh } from "../stamp.mjs";

const sources = () => hashOf("ts", "rollup.config.js", "scripts/bundle", "package.json", "tsconfig.json");
const inputs = (chosen) => sources() + hashOf(...chosen.map((variant) => `build/wasm/${variant}`)) + chosen.join();

const all = Object.keys(variants);
const isCurrent = (chosen) => existsSync(join(root, "dist")) && isFresh("dist", inputs(chosen));

/** Writes scripts and types, and the binaries of the chosen builds, into a folder. */
const rollup = (folder, chosen) =>
  run("node", ["node_modules/rollup/dist/bin/rollup", "--config", "--silent"], {
    cwd: root,
    env: { DIST: folder, BUILDS: chosen.join() },
  });

/** Puts a new dist in place of the old one, which stays until the new one is complete. */
const replaceDist = (chosen, build) =>
  replaceFolder(
    { place: join(root, "dist"), fresh: join(root, "build/dist"), stamp: "dist", hash: inputs(chosen) },
    build,
  );

/** The package as it is published. */
export const dist = {
  title: "JavaScript bundles (rollup)",
  makes: "package",
  after: ["node modules", "kernel interface", "kernels"],
  seconds: 25,
  needed: () => !isCurrent(all),
  run: () => replaceDist(all, (folder) => rollup(folder, all)),
};

/** Where the scripts of `npm start` are built while the kernels compile. */
export const scriptsFolder = join(root, "build/scripts");

/** The command line and Node's entry, without binaries, for a package of fewer builds. */
export function scripts(chosen) {
  return {
    title: "JavaScript bundles (rollup)",
    makes: "scripts",
    after: ["node modules", "kernel interface"],
    seconds: 20,
    needed: () => !isCurrent(all) && !isCurrent(chosen) && !isFresh("scripts", sources()),
    run: () =>
      replaceFolder(
        { place: scriptsFolder, fresh: `${scriptsFolder}-new`, stamp: "scripts", hash: sources() },
        (folder) => rollup(folder, []),
      ),
  };
}

/** Of fewer builds, what `npm start` runs: these scripts with their binaries. */
export function distOf(chosen) {
  return {
    title: `the package with the build ${chosen.map((variant) => `"${variant}"`).join(", ")}`,
    makes: "package",
    after: ["scripts", "kernels"],
    seconds: 1,
    needed: () => !isCurrent(all) && !isCurrent(chosen),
    run: () =>
      replaceDist(chosen, (folder) => {
        cpSync(scriptsFolder, folder, { recursive: true });
        mkdirSync(join(folder, "wasm"), { recursive: true });
        for (const variant of chosen)
          copyFileSync(
            join(root, `build/wasm/${variant}/lowrank_wasm_bg.wasm`),
            join(folder, `wasm/lowrank-${variant}.wasm`),
          );
      }),
  };
}
