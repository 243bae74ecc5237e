import { readCheckpoint, readFinal } from "./checkpoint-file.js";
import { readRecord, type RunRecord } from "./run-record.js";
import { runFiles, type RunStore, takeStore } from "./run-store.js";
import type { RunSettings } from "../spec/run-settings.js";
import type { TaskTable } from "../task-definition.js";

/** The status of a run in a store. */
export interface RunStatus<S = RunSettings> {
  /** A killed process leaves "preparing" or "training". "failed": an error ended the run, such as diverged training. */
  readonly status: RunRecord["status"] | "finished";
  /** The full spec of an unfinished run; a finished run's is in report.json. */
  readonly settings: S | null;
  /** Completed steps of its checkpoint; null without one. During the final fit those of the first fit, which is complete. */
  readonly step: number | null;
  /** Steps in all; null if not known yet. */
  readonly steps: number | null;
  /** The final fit, on all rows, once it has begun: completed steps of its checkpoint, 0 without one, and steps in all; otherwise null. */
  readonly finalFit: { readonly step: number; readonly steps: number | null } | null;
  /** Time of the start, ISO 8601; null if not recorded. */
  readonly began: string | null;
  /** Time of the last change of status; null if not recorded. */
  readonly changed: string | null;
  /** The error, if it failed. */
  readonly error: string | null;
}

const nothing = {
  settings: null,
  step: null,
  steps: null,
  finalFit: null,
  began: null,
  changed: null,
  error: null,
};

/**
 * The status of the run in a store; null if there is none. Throws `FormatError` for damaged files and `ConfigError` for an invalid store.
 */
export async function readStatus(store: RunStore, tasks: TaskTable): Promise<RunStatus | null> {
  const taken = takeStore("runStatus", store);
  const resumable = await readCheckpoint(taken, tasks);
  if (resumable === null && (await taken.has(runFiles.report))) return { ...nothing, status: "finished" };
  const record = await readRecord(taken, tasks);
  if (record === null && resumable === null) return null;
  const final = resumable === null ? null : await readFinal(taken, tasks, resumable);
  const begun = final !== null || record?.finalFit !== undefined;
  return {
    status: record?.status ?? "interrupted",
    settings: resumable?.run.settings ?? record!.settings,
    step: resumable?.checkpoint.step ?? null,
    steps: record?.steps ?? resumable?.run.settings.steps ?? null,
    finalFit: begun ? { step: final?.checkpoint.step ?? 0, steps: record?.finalFit?.steps ?? null } : null,
    began: record?.began ?? null,
    changed: record?.changed ?? null,
    error: record?.error?.message ?? null,
  };
}
