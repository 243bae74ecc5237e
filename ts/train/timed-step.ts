import { stopwatch } from "../waiting/stopwatch.js";
import { microBatches } from "./step.js";
import type { Task } from "./task.js";

/**
 * Milliseconds of forward and backward of a batch. Parameters, random streams and mode stay as they are and gradients are zero, so a later
 * run has the same bits.
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
