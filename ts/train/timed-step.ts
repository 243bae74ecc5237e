import { stopwatch } from "../waiting/clock.js";
import { microBatches } from "./step.js";
import type { Task } from "./task.js";

/**
 * Milliseconds of forward and backward of a batch. Parameters, random streams and mode stay as they are and gradients are zero, so a later
 * run has the same bits.
 */
export async function timeStep<E>(
  task: Pick<Task<E>, "graph" | "params" | "loss">,
  batch: readonly E[],
  accumulate: number,
): Promise<number> {
  const { graph } = task;
  const [training, streams] = [graph.training, graph.streamsDrawn];
  const elapsed = stopwatch();
  let milliseconds: number;
  const late: Promise<unknown>[] = [];
  graph.train();
  try {
    for (const part of microBatches(batch, accumulate))
      graph.step(() => {
        const { sum } = task.loss(part);
        graph.backward(sum);
        // A GPU is still working when the calls return.
        if (!graph.engine.readsLater) return;
        const read = graph.read(sum);
        read.catch(() => undefined);
        late.push(read);
      });
    milliseconds = elapsed();
  } finally {
    graph.zeroGrads();
    graph.streamsDrawn = streams;
    if (!training) graph.eval();
  }
  if (late.length === 0) return milliseconds;
  await Promise.all(late);
  return elapsed();
}
