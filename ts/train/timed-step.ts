import { stopwatch } from "../waiting/stopwatch.js";
import { microBatches } from "./step.js";
import type { Task } from "./task.js";

/**
 * Milliseconds that forward and backward of a batch take. Nothing is updated: parameters, random streams and mode are as
 * before and gradients are zero, so that a run afterwards gives the bits that it gives without.
 */
export function timeStep<E>(
  task: Pick<Task<E>, "graph" | "params" | "loss">,
  batch: readonly E[],
  accumulate: number,
): number {
  const { graph } = task;
  const [training, streams] = [graph.training, graph.streamsDrawn];
  const elapsed = stopwatch();
  graph.train();
  try {
    for (const part of microBatches(batch, accumulate)) graph.step(() => graph.backward(task.loss(part).sum));
    return elapsed();
  } finally {
    graph.zeroGrads();
    graph.streamsDrawn = streams;
    if (!training) graph.eval();
  }
}
