import { stopwatch } from "../../waiting/stopwatch.js";
import { Graph } from "../../entry/node.js";
import type { KernelWork } from "./kernel-work.js";

/** What one kind of call took. */
export interface KernelTiming {
  readonly work: string;
  readonly shape: string;
  /** Milliseconds of the fastest call and of the middle one. */
  readonly fastest: number;
  readonly median: number;
  readonly gigaflops: number;
}

/** A sample is as many calls as fill this many milliseconds. */
const BURST = 2;

/** Times a piece of work for about so many seconds. */
export function measureWork({ name, shape, operations, prepare }: KernelWork, seconds: number): KernelTiming {
  const graph = new Graph();
  try {
    const { fastest, median } = timeCalls(prepare(graph), seconds);
    return { work: name, shape: shape.join("×"), fastest, median, gigaflops: operations / fastest / 1e6 };
  } finally {
    graph.dispose();
  }
}

/** GFLOP/s of independent 128-bit multiply-adds in registers, on one thread. */
export function measurePeak(seconds: number): number {
  const graph = new Graph();
  try {
    const { kernels } = graph.engine;
    const pointer = graph.allocateOwned(kernels.peak_len());
    kernels.fill(kernels.peak_len(), 0.5, pointer);
    const iterations = 20_000;
    const forms = Array.from({ length: kernels.peak_forms() }, (_, form) => {
      const { fastest } = timeCalls(() => kernels.peak(form, iterations, pointer), seconds / 2);
      return (iterations * kernels.peak_flops(form)) / fastest / 1e6;
    });
    return Math.max(...forms);
  } finally {
    graph.dispose();
  }
}

/** Milliseconds of a call, after a third of the time to warm up. */
function timeCalls(run: () => void, seconds: number): { fastest: number; median: number } {
  let count = 0;
  const warmUp = stopwatch();
  do {
    run();
    count++;
  } while (warmUp() < seconds * 300);
  const calls = Math.max(1, Math.ceil((BURST * count) / warmUp()));
  const samples: number[] = [];
  for (const total = stopwatch(); total() < seconds * 700 || samples.length < 3;) {
    const burst = stopwatch();
    for (let i = 0; i < calls; i++) run();
    samples.push(burst() / calls);
  }
  samples.sort((a, b) => a - b);
  return { fastest: samples[0]!, median: samples[samples.length >> 1]! };
}
