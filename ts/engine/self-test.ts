import { UnsupportedError } from "../errors.js";
import type { Pointer } from "../ops/op.js";
import type { Heap } from "./heap.js";
import type { Kernels } from "./kernels.js";

const ROWS = 9;
const INNER = 21;
const COLUMNS = 19;

/**
 * One small product with odd edges, compared with the same sum in float64. Some engines have accepted SIMD modules and
 * run them wrongly; a wrong gradient would go unnoticed, so such an engine is refused here.
 */
export function selfTest(build: string, kernels: Kernels, heap: Heap): void {
  const a = heap.allocate(4 * ROWS * INNER);
  const b = heap.allocate(4 * INNER * COLUMNS);
  const c = heap.allocate(4 * ROWS * COLUMNS);
  const floats = new Float32Array(heap.memory.buffer);
  // Small integers over a power of two: products and sums are exact in float32, fused or not.
  const left = (i: number, k: number) => (((i * 7 + k * 3) % 17) - 8) / 8;
  const right = (k: number, j: number) => (((k * 5 + j * 11) % 19) - 9) / 8;
  const fill = (start: Pointer, rows: number, columns: number, value: (row: number, column: number) => number) => {
    for (let i = 0; i < rows * columns; i++) floats[start / 4 + i] = value(Math.floor(i / columns), i % columns);
  };
  fill(a, ROWS, INNER, left);
  fill(b, INNER, COLUMNS, right);
  kernels.gemm(ROWS, COLUMNS, INNER, 1, a, INNER, 1, b, COLUMNS, 1, 0, c, COLUMNS, 0, 0);
  const products = floats.slice(c / 4, c / 4 + ROWS * COLUMNS);
  fill(c, ROWS, COLUMNS, (row, column) => {
    let expected = 0;
    for (let k = 0; k < INNER; k++) expected += left(row, k) * right(k, column);
    const got = products[row * COLUMNS + column];
    if (got === expected) return expected;
    throw new UnsupportedError(
      `init: the "${build}" build computes wrongly in this runtime: [${row}, ${column}] is ${got}, not ${expected}`,
    );
  });
  for (const block of [a, b, c]) heap.release(block);
}
