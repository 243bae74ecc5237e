import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathWith, root } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../setup/stamp.mjs";
import { bindgen } from "./bindgen.mjs";
import { findToolchain, target } from "./toolchain.mjs";
import { optimizerFlags, rustFlags, variants } from "./variants.mjs";

const NAME = "lowrank_wasm";

const optimizer = join(root, "node_modules/binaryen/bin/wasm-opt");

const sources = ["crates/kernels/src", "crates/kernels/Cargo.toml", "crates/wasm", "Cargo.toml", "Cargo.lock"];
const recipe = [
  "scripts/wasm/bindgen",
  "scripts/wasm/build.mjs",
  "scripts/wasm/toolchain.mjs",
  "scripts/wasm/variants.mjs",
];

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
  const compiled = join(root, "target", variant);
  const env = {
    ...toolchain.env,
    PATH: pathWith(...toolchain.path),
    RUSTFLAGS: rustFlags(variants[variant]),
    CARGO_TARGET_DIR: compiled,
  };
  try {
    await run("cargo", ["build", "--release", "--target", target, "--package", "lowrank-wasm"], { cwd: root, env });
    await run(bindgen.path, [join(compiled, target, "release", `${NAME}.wasm`), temporary, NAME]);
    const binary = join(temporary, `${NAME}_bg.wasm`);
    await run("node", [optimizer, binary, "-o", binary, ...optimizerFlags]);
    clearStamp(`wasm-${variant}`);
    mkdirSync(output(variant), { recursive: true });
    for (const name of readdirSync(temporary)) renameSync(join(temporary, name), join(output(variant), name));
    setStamp(`wasm-${variant}`, hash);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
