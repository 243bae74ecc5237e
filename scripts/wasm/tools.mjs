import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findExecutable } from "../browsers/find-executable.mjs";
import { root, toolsFolder } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../setup/stamp.mjs";
import { ask } from "./toolchain.mjs";

const workspace = "scripts/wasm/tools";
const extension = process.platform === "win32" ? ".exe" : "";

/** A program that cargo compiles into .cache/tools, of the versions in the lockfile. */
function tool(name) {
  const inputs = () => hashOf(`${workspace}/${name}`, `${workspace}/Cargo.toml`, `${workspace}/Cargo.lock`);
  const path = join(toolsFolder, "target/debug", `${name}${extension}`);
  return {
    path,
    isBuilt: () => existsSync(path) && isFresh(name, inputs()),
    /** Compiles it; an interrupted build goes on where it was. */
    async build() {
      const hash = inputs();
      const env = { CARGO_TARGET_DIR: join(toolsFolder, "target") };
      await run("cargo", ["build", "--locked", "--bin", name], { cwd: join(root, workspace), env });
      clearStamp(name);
      setStamp(name, hash);
    },
  };
}

/** What prepares a compiled module for JavaScript; wasm-pack runs it too. */
export const wasmBindgen = tool("wasm-bindgen");

/** The project's own wasm-pack. */
export const wasmPack = tool("wasm-pack");

/** The folder in which wasm-pack finds `wasmBindgen`. */
export const toolsOnPath = dirname(wasmBindgen.path);

/** Path of a wasm-pack of the project's version: one on PATH, else its own; null where there is none. */
export function findWasmPack() {
  const installed = findExecutable("wasm-pack");
  if (installed !== null && ask(installed, ["--version"]) === `wasm-pack ${wasmPackVersion()}`) return installed;
  return wasmPack.isBuilt() ? wasmPack.path : null;
}

function wasmPackVersion() {
  const manifest = readFileSync(join(root, workspace, "wasm-pack/Cargo.toml"), "utf8");
  return /^wasm-pack = "=(.+)"$/m.exec(manifest)[1];
}
