import type { GpuReport } from "./gpu-timing.js";

/** Heading of the table. */
export const GPU_HEADING = ["", "shape", "GPU", "speed", "WebAssembly", "speed", "GPU is", "difference"] as const;

/** Rows of a report for people: a person reads them in a terminal or on a page. */
export function gpuRows({ timings, models }: GpuReport): string[][] {
  return [
    ...timings.map((timing) => rowOf(timing.work, timing, ({ gigaflops }) => `${rate(gigaflops)} GFLOP/s`)),
    ...models.map((timing) => {
      const { work, model, random } = timing;
      const name = random ? `${model}'s shape` : model;
      return rowOf(`${work}, ${name}`, timing, ({ tokensPerSecond }) => `${rate(tokensPerSecond)} tokens/s`);
    }),
  ];
}

/** What both kinds of timing have. */
interface Timing<T> {
  readonly shape: string;
  readonly gpu: T;
  readonly wasm: T;
  readonly ratio: number;
  readonly difference: number;
}

function rowOf<T extends { readonly fastest: number }>(
  name: string,
  { shape, gpu, wasm, ratio, difference }: Timing<T>,
  speedOf: (times: T) => string,
): string[] {
  const [ours, theirs] = [gpu, wasm].map((times) => [milliseconds(times.fastest), speedOf(times)]);
  return [name, shape, ...ours!, ...theirs!, `${ratio.toPrecision(2)} ×`, difference.toExponential(1)];
}

const rate = (speed: number) => (speed < 100 ? speed.toPrecision(3) : speed.toFixed(0));

/** A time with three digits and its unit. */
export function milliseconds(time: number): string {
  if (time >= 1000) return `${(time / 1000).toPrecision(3)} s`;
  return time < 1 ? `${(1000 * time).toPrecision(3)} µs` : `${time.toPrecision(3)} ms`;
}
