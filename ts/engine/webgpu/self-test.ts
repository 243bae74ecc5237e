import { UnsupportedError } from "../../errors/errors.js";
import type { Engine } from "../running.js";
import type { GpuEngine } from "./gpu-engine.js";

/**
 * Computes a chain of kernels on the GPU and on WASM: a product of odd sizes, GELU, a sum, an RMS norm and a product of one row, which has the
 * reductions that use subgroups. Throws `UnsupportedError` if the numbers
 * differ: some drivers compute wrongly, and a wrong gradient would go unnoticed.
 */
export async function selfTest(gpu: GpuEngine, host: Engine): Promise<void> {
  const [expected, actual] = await Promise.all([chain(host), chain(gpu)]);
  expected.forEach((value, i) => {
    if (Math.abs(value - actual[i]!) <= 1e-5 * (1 + Math.abs(value))) return;
    throw new UnsupportedError(
      `init: this GPU's driver computes wrongly: value ${i} of the self-test is ${actual[i]}, not ${value}; use device "wasm"`,
      { op: "init", option: "device", place: i, expected: value, actual: actual[i] },
    );
  });
}

const [ROWS, INNER, COLUMNS] = [67, 35, 21];
/** Elements of the row: more than a workgroup reads at once. */
const LONG = 1_280;

function chain(engine: Engine): Promise<Float32Array> {
  const { kernels, heap } = engine;
  const sizes = [ROWS * INNER, INNER * COLUMNS, ROWS * COLUMNS, ROWS * COLUMNS, 2 * COLUMNS, LONG, LONG * COLUMNS];
  const pointers = sizes.map((size) => heap.allocate(4 * size));
  const [a, b, c, y, sums, row, matrix] = pointers as [number, number, number, number, number, number, number];
  // Small integers over a power of two: their products are exact in float32, fused or not.
  const numbers = (size: number, step: number) =>
    Float32Array.from({ length: size }, (_, i) => (((i * step) % 17) - 8) / 8);
  engine.write(a, numbers(sizes[0]!, 7), sizes[0]!);
  engine.write(b, numbers(sizes[1]!, 5), sizes[1]!);
  kernels.gemm(ROWS, COLUMNS, INNER, 1, a, INNER, 1, b, COLUMNS, 1, 0, c, COLUMNS, 0);
  kernels.gelu_forward(c, y, ROWS * COLUMNS);
  kernels.sum_axis(y, sums, 1, ROWS, COLUMNS, 1 / ROWS, 0);
  engine.write(matrix, numbers(sizes[6]!, 3), sizes[6]!);
  // The scale is overwritten by the product's first column.
  kernels.rms_norm_forward(y, 0, row, sums + 4 * COLUMNS, 1, LONG, 1e-5);
  kernels.gemm(1, COLUMNS, LONG, 1 / LONG, row, LONG, 1, matrix, 1, LONG, 0, sums + 4 * COLUMNS, COLUMNS, 0);
  const read = engine.readLater(sums, 2 * COLUMNS);
  for (const pointer of pointers) heap.release(pointer);
  return read;
}
