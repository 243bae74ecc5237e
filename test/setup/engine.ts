import { init } from "../../ts/engine/engine.js";
import { setBinaryLocator } from "../../ts/engine/source.js";
import { projectFile } from "./files.js";

/** Build under test, or "auto": set by the vitest project. */
declare const __BUILD__: "simd" | "relaxed" | "auto";

setBinaryLocator((variant) => projectFile(`build/wasm/${variant}/lowrank_wasm_bg.wasm`));
await init({ build: __BUILD__ });
