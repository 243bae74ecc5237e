import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathWith, root, toolsFolder } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../setup/stamp.mjs";
import { findToolchain } from "./toolchain.mjs";
import { rustFlags, variants } from "./variants.mjs";

const sources = ["crates/kernels/src", "crates/kernels/Cargo.toml", "crates/wasm", "Cargo.toml", "Cargo.lock"];
const recipe = ["scripts/wasm"];

function inputs(variant) {
  return hashOf(...sources, ...recipe) + rustFlags(variants[variant]);
}

function output(variant) {
  return join(root, "build/wasm", variant);
}

export function isBuilt(variant) {
  return existsSync(join(output(variant), "lowrank_wasm_bg.wasm")) && isFresh(`wasm-${variant}`, inputs(variant));
}

/** Compiles one variant into build/wasm/<variant>. The old files stay in place until the new ones are complete. */
export async function buildVariant(variant) {
  const hash = inputs(variant);
  const toolchain = findToolchain(variants[variant]);
  const temporary = join(root, "build/wasm", `.${variant}-${process.pid}`);
  const env = {
    ...toolchain.env,
    // npm's wasm-opt knows relaxed SIMD, Debian's does not.
    PATH: pathWith(join(root, "node_modules/.bin"), join(toolsFolder, "bin"), ...toolchain.path),
    RUSTFLAGS: rustFlags(variants[variant]),
    CARGO_TARGET_DIR: join(root, "target", variant),
  };
  // Mode "force" leaves out wasm-pack's own look for a rustup target, which Debian's Rust has not.
  const options = ["--target", "web", "--mode", "force", "--release", "--no-pack", "--no-gitignore"];
  try {
    await run("wasm-pack", ["build", join(root, "crates/wasm"), ...options, "--out-dir", temporary], { env });
    clearStamp(`wasm-${variant}`);
    mkdirSync(output(variant), { recursive: true });
    for (const name of readdirSync(temporary)) renameSync(join(temporary, name), join(output(variant), name));
    setStamp(`wasm-${variant}`, hash);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
