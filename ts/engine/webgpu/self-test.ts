import { UnsupportedError } from "../../errors/errors.js";
import type { Engine } from "../running.js";
import type { GpuEngine } from "./gpu-engine.js";

/**
 * Computes a chain of kernels on the GPU and on WASM: a product of odd sizes, GELU, and a sum. Throws `UnsupportedError` if the numbers
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

function chain(engine: Engine): Promise<Float32Array> {
  const { kernels, heap } = engine;
  const sizes = [ROWS * INNER, INNER * COLUMNS, ROWS * COLUMNS, ROWS * COLUMNS, COLUMNS];
  const [a, b, c, y, sums] = sizes.map((size) => heap.allocate(4 * size)) as [number, number, number, number, number];
  // Small integers over a power of two: their products are exact in float32, fused or not.
  const numbers = (size: number, step: number) =>
    Float32Array.from({ length: size }, (_, i) => (((i * step) % 17) - 8) / 8);
  engine.write(a, numbers(sizes[0]!, 7), sizes[0]!);
  engine.write(b, numbers(sizes[1]!, 5), sizes[1]!);
  kernels.gemm(ROWS, COLUMNS, INNER, 1, a, INNER, 1, b, COLUMNS, 1, 0, c, COLUMNS, 0);
  kernels.gelu_forward(c, y, ROWS * COLUMNS);
  kernels.sum_axis(y, sums, 1, ROWS, COLUMNS, 1 / ROWS, 0);
  const read = engine.readLater(sums, COLUMNS);
  for (const pointer of [a, b, c, y, sums]) heap.release(pointer);
  return read;
}
