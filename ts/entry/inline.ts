import { setBinaryLocator } from "../engine/source.js";
import relaxed from "./wasm/lowrank-relaxed.wasm?base64";
import simd from "./wasm/lowrank-simd.wasm?base64";

const binaries: Record<string, string> = { simd, relaxed };

setBinaryLocator((variant) => Uint8Array.from(atob(binaries[variant]), (character) => character.charCodeAt(0)));

export * from "../index.js";
