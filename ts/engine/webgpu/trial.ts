import { stopwatch } from "../../waiting/stopwatch.js";
import type { Engine } from "../running.js";
import type { GpuEngine } from "./gpu-engine.js";

const SIDE = 256;
const REPEATS = 8;

/** Whether products of 256 × 256 take less time on the GPU than on WASM, the time to submit and to read included. */
export async function isFaster(gpu: GpuEngine, host: Engine): Promise<boolean> {
  if (gpu.isSoftware) return false;
  // Once untimed: the first product compiles its shader.
  await products(gpu, 1);
  return (await products(gpu, REPEATS)) < (await products(host, REPEATS));
}

async function products(engine: Engine, repeats: number): Promise<number> {
  const { kernels, heap } = engine;
  const size = SIDE * SIDE;
  const [a, c] = [heap.allocate(4 * size), heap.allocate(4 * size)];
  try {
    kernels.fill(size, 0.5, a);
    const elapsed = stopwatch();
    for (let i = 0; i < repeats; i++) kernels.gemm(SIDE, SIDE, SIDE, 1, a, SIDE, 1, a, SIDE, 1, 0, c, SIDE, 0);
    await engine.readLater(c, 1);
    return elapsed();
  } finally {
    heap.release(a);
    heap.release(c);
  }
}
