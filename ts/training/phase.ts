import type { JobPhase } from "./job-events.js";
import type { RunContext } from "./task-definition.js";

/** Tells that a phase of `total` examples begins; the function it returns tells how many are done. */
export function beginPhase({ emit }: Pick<RunContext, "emit">, phase: JobPhase, total: number): (done: number) => void {
  const tell = (done: number) => emit({ type: "progress", phase, done, total });
  tell(0);
  return tell;
}
