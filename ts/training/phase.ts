import type { MeasureEvents, RunContext } from "./task-definition.js";
import type { JobPhase } from "./job-events.js";

/** Reports the start of a phase of `total` examples. The returned function reports how many are done, and throws when cancelled. */
export function phaseEvents(
  { emit, signal }: Pick<RunContext, "emit" | "signal">,
  phase: JobPhase,
  total: number,
): MeasureEvents {
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total });
  onProgress(0);
  return { signal, onProgress };
}
