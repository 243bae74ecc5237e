import { type Engine, Graph } from "../../index.js";
import type { KernelWork } from "./kernel-work.js";
import { type CallTimes, timeCalls } from "./time-calls.js";

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
