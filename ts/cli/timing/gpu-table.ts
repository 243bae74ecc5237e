import type { GpuReport } from "./gpu-timing.js";

/** Heading of the table. */
export const GPU_HEADING = ["", "shape", "GPU", "GFLOP/s", "WebAssembly", "GFLOP/s", "GPU is", "difference"] as const;

/** Rows of a report for people: a person reads them in a terminal or on a page. */
export function gpuRows({ timings }: GpuReport): string[][] {
  return timings.map(({ work, shape, gpu, wasm, ratio, difference }) => [
    work,
    shape,
    milliseconds(gpu.fastest),
    gpu.gigaflops.toFixed(1),
    milliseconds(wasm.fastest),
    wasm.gigaflops.toFixed(1),
    `${ratio.toPrecision(2)} ×`,
    difference.toExponential(1),
  ]);
}

/** A time with three digits and its unit. */
export function milliseconds(time: number): string {
  if (time >= 1000) return `${(time / 1000).toPrecision(3)} s`;
  return time < 1 ? `${(1000 * time).toPrecision(3)} µs` : `${time.toPrecision(3)} ms`;
}
