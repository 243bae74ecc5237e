import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathWith, root } from "../setup/paths.mjs";
import { run } from "../setup/process.mjs";
import { clearStamp, hashOf, isFresh, setStamp } from "../setup/stamp.mjs";
import { namedByLikeness } from "./order.mjs";
import { withoutPanics } from "./panics.mjs";
import { findToolchain, target } from "./toolchain.mjs";
import { findWasmPack, toolsOnPath, wasmBindgen } from "./tools.mjs";
import { features, rustFlags, variants } from "./variants.mjs";

const NAME = "lowrank_wasm";
const crate = join(root, "crates/wasm");

const optimizer = join(root, "node_modules/binaryen/bin/wasm-opt");

const sources = ["kernels/src", "kernels/Cargo.toml", "wasm/src", "wasm/compact", "wasm/Cargo.toml"];
const workspace = ["Cargo.toml", "Cargo.lock", ".cargo/config.toml"];
const recipe = [
  "scripts/wasm/tools",
  "scripts/wasm/build.mjs",
  "scripts/wasm/module.mjs",
  "scripts/wasm/order.mjs",
  "scripts/wasm/panics.mjs",
  "scripts/wasm/toolchain.mjs",
  "scripts/wasm/tools.mjs",
  "scripts/wasm/variants.mjs",
];

function inputs(variant) {
  return (
    hashOf(...sources.map((path) => `crates/${path}`), ...workspace, ...recipe) +
    JSON.stringify(rustFlags(variants[variant]))
  );
}

function output(variant) {
  return join(root, "build/wasm", variant);
}

export function isBuilt(variant) {
  return existsSync(join(output(variant), `${NAME}_bg.wasm`)) && isFresh(`wasm-${variant}`, inputs(variant));
}

/** Compiles one variant into build/wasm/<variant>. The old files stay in place until the new ones are complete. */
export async function buildVariant(variant) {
  const hash = inputs(variant);
  const temporary = join(root, "build/wasm", `.${variant}-${process.pid}`);
  try {
    await compileVariant(variant, temporary, findWasmPack());
    await optimize(temporary);
    clearStamp(`wasm-${variant}`);
    mkdirSync(output(variant), { recursive: true });
    for (const name of readdirSync(temporary)) renameSync(join(temporary, name), join(output(variant), name));
    setStamp(`wasm-${variant}`, hash);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Compiles one variant into `folder`: by the wasm-pack at that path, or, where it is null, by the same steps without it. */
export async function compileVariant(variant, folder, wasmPack) {
  if (wasmPack !== null) return packed(wasmPack, folder, variant);
  await compileCrate(variant);
  const module = join(compiledIn(variant), target, "release", `${NAME}.wasm`);
  const choices = ["--out-dir", folder, "--typescript", "--target", "web"];
  await run(wasmBindgen.path, [module, ...choices], optionsOf(variant));
}

/** Runs cargo alone, which is most of the time; what it has compiled before it does not compile again. */
export async function compileCrate(variant) {
  const { cwd, env } = optionsOf(variant);
  copyLike(variant);
  const { options } = rustFlags(variants[variant]);
  await run("cargo", ["build", "--lib", "--release", ...options], { cwd, env: { ...env, CARGO_BUILD_TARGET: target } });
}

/** Where cargo compiles a build. Each has a folder of its own, since all write one file name. */
const compiledIn = (variant) => join(root, "target", variant);

/**
 * Copies what cargo has compiled of the build that a new one is like, or of one that is like it, as after `npm start`: the standard library and
 * macros need not be compiled again.
 */
function copyLike(variant) {
  const folder = compiledIn(variant);
  const alike = Object.keys(variants).filter((name) => variants[name].like === variant);
  const like = [variants[variant].like, ...alike].find((name) => name !== undefined && existsSync(compiledIn(name)));
  if (like === undefined || existsSync(folder)) return;
  const temporary = `${folder}-${process.pid}`;
  try {
    cpSync(compiledIn(like), temporary, { recursive: true, preserveTimestamps: true });
    renameSync(temporary, folder);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function optionsOf(variant) {
  const { path, env } = findToolchain(variants[variant]);
  const PATH = pathWith(toolsOnPath, ...path);
  return {
    cwd: crate,
    env: { ...env, ...rustFlags(variants[variant]).env, PATH, CARGO_TARGET_DIR: compiledIn(variant) },
  };
}

/** Runs wasm-opt over what `compileVariant` has made, then again for the order of its functions. */
export async function optimize(folder) {
  const binary = join(folder, `${NAME}_bg.wasm`);
  const rewrite = (step) => writeFileSync(binary, step(readFileSync(binary)));
  const wasmOpt = (...passes) => run("node", [optimizer, binary, "-o", binary, ...passes, ...features]);
  rewrite(withoutPanics);
  // -O2 is 4 kB less, gzip, and up to a fifth slower where exponentials are: constants stay in locals.
  await wasmOpt("-O3");
  rewrite(namedByLikeness);
  await wasmOpt("--reorder-functions-by-name");
}

async function packed(wasmPack, folder, variant) {
  // Forced, it does not look for a compiled standard library, which Debian's Rust has none of.
  const choices = ["--mode", "force", "--no-pack", "--no-gitignore"];
  const { options } = rustFlags(variants[variant]);
  copyLike(variant);
  await run(
    wasmPack,
    ["build", crate, "--target", "web", "--release", ...choices, "--out-dir", folder, "--", ...options],
    optionsOf(variant),
  );
}
