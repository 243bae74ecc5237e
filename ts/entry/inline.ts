import { inflateSync } from "fflate";
import { setBinaryLocator } from "../engine/source.js";
import relaxed from "./wasm/lowrank-relaxed.wasm?deflated";
import simd from "./wasm/lowrank-simd.wasm?deflated";

const binaries: Record<string, string> = { simd, relaxed };

setBinaryLocator((variant) => {
  const text = binaries[variant];
  if (text === undefined) return undefined;
  return inflateSync(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
});

export * from "../index.js";
