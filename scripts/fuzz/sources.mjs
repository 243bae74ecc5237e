import { build } from "esbuild";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../setup/paths.mjs";

/** The library of the sources as they are, started. */
export async function loadSources() {
  const outfile = join(root, "build/fuzz/lowrank.mjs");
  await build({
    entryPoints: [join(root, "ts/entry/node.ts")],
    outfile,
    bundle: true,
    logLevel: "error",
    platform: "node",
    format: "esm",
    target: "es2022",
    packages: "external",
  });
  const library = await import(pathToFileURL(outfile).href);
  const wasm = readFileSync(join(root, "build/wasm/simd/lowrank_wasm_bg.wasm"));
  await library.init({ build: "simd", threads: 1, wasm });
  return library;
}
