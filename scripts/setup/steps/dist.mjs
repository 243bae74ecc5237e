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

/** Writes parts of the package into a folder: scripts with the binaries of the chosen builds, a page's worker, types. */
const rollup = (folder, chosen, parts) =>
  run("node", ["node_modules/rollup/dist/bin/rollup", "--config", "--silent"], {
    cwd: root,
    env: { DIST: folder, BUILDS: chosen.join(), PARTS: parts },
  });

/** Where the scripts of `npm start` are built while the kernels compile. */
export const scriptsFolder = join(root, "build/scripts");
const typesFolder = join(root, "build/types");

/** Builds parts that need no binaries, and remembers of which sources by a stamp. */
const rollupApart = (place, stamp, chosen, parts) =>
  replaceFolder({ place, fresh: `${place}-new`, stamp, hash: sources() }, (folder) => rollup(folder, chosen, parts));

/** What needs no binaries, built while the kernels compile. */
export const types = {
  title: "types and a page's worker (rollup)",
  makes: "types",
  after: ["node modules", "kernel interface"],
  seconds: 40,
  needed: () => !isCurrent(all) && !isFresh("types", sources()),
  run: () => rollupApart(typesFolder, "types", all, "worker,types"),
};

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
  after: ["types", "kernels"],
  seconds: 35,
  needed: () => !isCurrent(all),
  run: () =>
    replaceDist(all, async (folder) => {
      await rollup(folder, all, "scripts");
      cpSync(typesFolder, folder, { recursive: true });
    }),
};

/** The command line and Node's entry, without binaries, for a package of fewer builds. */
export function scripts(chosen) {
  return {
    title: "JavaScript bundles (rollup)",
    makes: "scripts",
    after: ["node modules", "kernel interface"],
    seconds: 20,
    needed: () => !isCurrent(all) && !isCurrent(chosen) && !isFresh("scripts", sources()),
    run: () => rollupApart(scriptsFolder, "scripts", [], "scripts"),
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
