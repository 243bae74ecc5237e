import { setBinaryLocator } from "../engine/source.js";
// Edge workers compile nothing at run time: modules come by static import, compiled when the worker is deployed.
import relaxed from "./wasm/lowrank-relaxed.wasm";
import simd from "./wasm/lowrank-simd.wasm";

const binaries: Record<string, WebAssembly.Module> = { simd, relaxed };

setBinaryLocator((variant) => binaries[variant]);

export * from "../index.js";
