import { UnsupportedError } from "../errors/errors.js";
import type { Pointer } from "./kernels.js";
import type { Heap } from "./memory/heap.js";
import type { WasmKernels } from "./wasm-kernels.js";

const ROWS = 9;
const INNER = 21;
const COLUMNS = 19;

/**
 * One small product with odd sizes, compared with float64. Some engines have accepted SIMD modules and computed wrong results; a wrong
 * gradient would go unnoticed, so such an engine is refused here.
 */
export function selfTest(build: string, kernels: WasmKernels, heap: Heap): void {
  // Small integers over a power of two: exact in float32, fused or not.
  const left = Float32Array.from({ length: ROWS * INNER }, (_, i) => (((i * 7) % 17) - 8) / 8);
  const right = Float32Array.from({ length: INNER * COLUMNS }, (_, i) => (((i * 5) % 19) - 9) / 8);
  const products = new Float32Array(ROWS * COLUMNS);
  const [a, b, c] = [left, right, products].map(({ length }) => heap.allocate(4 * length)) as [
    Pointer,
    Pointer,
    Pointer,
  ];
  const floats = new Float32Array(heap.memory.buffer);
  floats.set(left, a / 4);
  floats.set(right, b / 4);
  kernels.gemm(ROWS, COLUMNS, INNER, 1, a, INNER, 1, b, COLUMNS, 1, 0, c, COLUMNS, 0);
  products.forEach((_, i) => {
    const [row, column, got] = [Math.floor(i / COLUMNS), i % COLUMNS, floats[c / 4 + i]];
    let expected = 0;
    for (let k = 0; k < INNER; k++) expected += left[row * INNER + k]! * right[k * COLUMNS + column]!;
    if (got === expected) return;
    throw new UnsupportedError(
      `init: the "${build}" build computes wrongly in this runtime: element [${row}, ${column}] of the self-test is ` +
        `${got}, not ${expected}; use another build or runtime`,
      { op: "init", build, row, column, expected, actual: got },
    );
  });
  for (const block of [a, b, c]) heap.release(block);
}
