import { setBinaryLocator } from "../engine/source.js";
import relaxed from "./wasm/lowrank-relaxed.wasm?base64";
import simd from "./wasm/lowrank-simd.wasm?base64";

const binaries: Record<string, string> = { simd, relaxed };

setBinaryLocator((variant) => {
  const text = binaries[variant];
  return text === undefined ? undefined : Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
});

export * from "../index.js";
