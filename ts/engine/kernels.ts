import type { InitOutput } from "../../build/wasm/simd/lowrank_wasm.js";

/** The exports of a kernel binary, called with numbers: pointers are byte offsets, lengths count elements. */
export type Kernels = InitOutput;
