import { type Graph, tensor } from "../../index.js";
import { stopwatch } from "../../waiting/stopwatch.js";

/** Milliseconds of a call: of the fastest sample and of the middle one. */
export interface CallTimes {
  readonly fastest: number;
  readonly median: number;
}

/** A sample is as many calls as fill this many milliseconds; on a GPU more, since waiting for its last call takes about one by itself. */
const BURST = { wasm: 2, webgpu: 20 };

/**
 * Times calls on a graph's engine for about so many seconds, after a third of the time to warm up. Each sample waits until the last of its
 * calls is computed: on a GPU calls are only submitted.
 */
export async function timeCalls(graph: Graph, run: () => void, seconds: number): Promise<CallTimes> {
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
