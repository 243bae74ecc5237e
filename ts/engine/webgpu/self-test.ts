import { UnsupportedError } from "../../errors/errors.js";
import { withScratch } from "../memory/scratch.js";
import type { Engine } from "../running.js";
import type { GpuEngine } from "./gpu-engine.js";

/**
 * Computes a chain of kernels on the GPU and on WASM: a product of odd sizes, GELU, a sum, an RMS norm and a product of one row, which has the
 * reductions that use subgroups, and one with 16-bit inputs where the device has them. Throws `UnsupportedError` if the numbers
 * differ: some drivers compute wrongly, and a wrong gradient would go unnoticed.
 */
export async function selfTest(gpu: GpuEngine, host: Engine): Promise<void> {
  const chains = [chain(host), chain(gpu), ...(gpu.rounds ? [rounded(host), rounded(gpu)] : [])];
  const [hosts, gpus, ...halves] = (await Promise.all(chains)) as [Float32Array, Float32Array, ...Float32Array[]];
  const [expected, actual] = [
    [...hosts, ...(halves[0] ?? [])],
    [...gpus, ...(halves[1] ?? [])],
  ];
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

// Small integers over a power of two: their products are exact in float32, fused or not.
const numbers = (size: number, step: number) =>
  Float32Array.from({ length: size }, (_, i) => (((i * step) % 17) - 8) / 8);

function chain(engine: Engine): Promise<Float32Array> {
  const { kernels, heap } = engine;
  const sizes = [ROWS * INNER, INNER * COLUMNS, ROWS * COLUMNS, ROWS * COLUMNS, 2 * COLUMNS, LONG, LONG * COLUMNS];
  const pointers = sizes.map((size) => heap.allocate(4 * size));
  const [a, b, c, y, sums, row, matrix] = pointers as [number, number, number, number, number, number, number];
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

/** Weights as bytes: a kernels' number of formats, and the bytes of a group of 32. */
const [BYTES, GROUP] = [3, 34];

/** A product whose inputs are rounded on a GPU. These need no more than 16 bits, so that the engine on WASM, which rounds to 8, need not round. */
function rounded(engine: Engine): Promise<Float32Array> {
  const { kernels, heap } = engine;
  const inner = 64;
  const weights = new Uint8Array((COLUMNS * inner * GROUP) / 32);
  // Groups of a scale of 1/8 and codes from -8 to 8.
  weights.forEach((_, i) => (weights[i] = i % GROUP === 0 ? 0 : i % GROUP === 1 ? 0x30 : ((i * 5) % 17) - 8));
  const [x, data, y] = [
    heap.allocate(4 * ROWS * inner),
    heap.allocate(weights.length),
    heap.allocate(4 * ROWS * COLUMNS),
  ];
  engine.write(x, numbers(ROWS * inner, 7), ROWS * inner);
  engine.write(data, weights, weights.length);
  if (engine.readsLater) {
    withScratch(heap, (ROWS * kernels.rounded_bytes(inner)) / 4, (scratch) => {
      kernels.round_rows(x, inner, ROWS, BYTES, scratch);
      kernels.gemm_rounded(ROWS, COLUMNS, inner, scratch, BYTES, data, 0, y);
    });
  } else kernels.gemm_stored(ROWS, COLUMNS, inner, 1, x, inner, 1, BYTES, data, 1, 0, y, COLUMNS, 0);
  const read = engine.readLater(y, ROWS * COLUMNS);
  for (const pointer of [x, data, y]) heap.release(pointer);
  return read;
}
