import { type Engine, Graph, tensor } from "../../index.js";
import type { KernelWork } from "./kernel-work.js";
import { stopwatch } from "../../waiting/clock.js";

/** Milliseconds of a call: of the fastest sample and of the middle one. */
interface CallTimes {
  readonly fastest: number;
  readonly median: number;
}

/** A sample is as many calls as fill this many milliseconds; on a GPU more, since waiting for its last call takes about one by itself. */
const BURST = { wasm: 2, webgpu: 20 };

/**
 * Times calls on a graph's engine for about so many seconds, after a third of the time to warm up. Each sample waits until the last of its
 * calls is computed: on a GPU calls are only submitted.
 */
async function timeCalls(graph: Graph, run: () => void, seconds: number): Promise<CallTimes> {
  const burst = BURST[graph.engine.info.adapter === undefined ? "wasm" : "webgpu"];
  const small = graph.constant(tensor([1], [0]));
  const time = async (calls: number) => {
    const elapsed = stopwatch();
    for (let i = 0; i < calls; i++) run();
    await graph.read(small);
    return elapsed();
  };
  const total = stopwatch();
  // The first call compiles, and is no measure of the others.
  await time(1);
  let calls = 1;
  while ((await time(calls)) < burst) calls *= 2;
  while (total() < seconds * 300) await time(calls);
  const samples: number[] = [];
  for (const elapsed = stopwatch(); elapsed() < seconds * 700 || samples.length < 3;)
    samples.push((await time(calls)) / calls);
  samples.sort((a, b) => a - b);
  return { fastest: samples[0]!, median: samples[samples.length >> 1]! };
}

/** What one kind of call took. */
export interface KernelTiming extends CallTimes {
  readonly work: string;
  readonly shape: string;
  readonly gigaflops: number;
}

/** Times a piece of work for about so many seconds. */
export async function measureWork(engine: Engine, work: KernelWork, seconds: number): Promise<KernelTiming> {
  const { name, shape, operations, prepare } = work;
  const graph = new Graph({ engine });
  try {
    const { fastest, median } = await timeCalls(graph, prepare(graph), seconds);
    return { work: name, shape: shape.join("×"), fastest, median, gigaflops: operations / fastest / 1e6 };
  } finally {
    graph.dispose();
  }
}

/** GFLOP/s of independent 128-bit multiply-adds in registers, on one thread. */
export async function measurePeak(engine: Engine, seconds: number): Promise<number> {
  const graph = new Graph({ engine });
  try {
    const { kernels } = engine;
    const pointer = graph.allocateOwned(kernels.peak_len());
    kernels.fill(kernels.peak_len(), 0.5, pointer);
    const iterations = 20_000;
    let peak = 0;
    for (let form = 0; form < kernels.peak_forms(); form++) {
      const { fastest } = await timeCalls(graph, () => kernels.peak(form, iterations, pointer), seconds / 2);
      peak = Math.max(peak, (iterations * kernels.peak_flops(form)) / fastest / 1e6);
    }
    return peak;
  } finally {
    graph.dispose();
  }
}
