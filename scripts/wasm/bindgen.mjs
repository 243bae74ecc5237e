import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, toolsFolder } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../setup/stamp.mjs";

const folder = "scripts/wasm/bindgen";
const path = join(toolsFolder, "target/debug/lowrank-bindgen");
const inputs = () => hashOf(`${folder}/src`, `${folder}/Cargo.toml`, `${folder}/Cargo.lock`);

/** The program that prepares a compiled module for JavaScript. */
export const bindgen = {
  path,
  isBuilt: () => existsSync(path) && isFresh("bindgen", inputs()),
  /** Compiles it; an interrupted build goes on where it was. */
  async build() {
    const hash = inputs();
    const env = { CARGO_TARGET_DIR: join(toolsFolder, "target") };
    await run("cargo", ["build", "--locked", "--manifest-path", join(root, folder, "Cargo.toml")], { cwd: root, env });
    clearStamp("bindgen");
    setStamp("bindgen", hash);
  },
};
