import { findWasmPack, wasmBindgen, wasmPack } from "../../wasm/tools.mjs";

export const wasmBindgenStep = {
  title: "wasm-bindgen (compiled once)",
  makes: "wasm tools",
  after: ["cargo"],
  seconds: 30,
  needed: () => !wasmBindgen.isBuilt(),
  run: wasmBindgen.build,
};

/** wasm-pack, where none of the project's version is on PATH. */
export const wasmPackStep = {
  title: "wasm-pack (compiled once)",
  makes: "wasm tools",
  after: ["cargo"],
  seconds: 50,
  needed: () => findWasmPack() === null,
  run: wasmPack.build,
};
