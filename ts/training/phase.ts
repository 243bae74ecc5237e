import type { JobPhase } from "./job-events.js";
import type { MeasureEvents, RunContext } from "./task-definition.js";

/** Reports that a phase of `total` examples begins; what it returns reports how many are done, and cancels. */
export function phaseEvents(
  { emit, signal }: Pick<RunContext, "emit" | "signal">,
  phase: JobPhase,
  total: number,
): MeasureEvents {
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total });
  onProgress(0);
  return { signal, onProgress };
}
