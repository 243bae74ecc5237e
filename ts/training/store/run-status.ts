import { readCheckpoint } from "./checkpoint-file.js";
import { readRecord, type RunRecord } from "./run-record.js";
import { runFiles, type RunStore, takeStore } from "./run-store.js";
import type { RunSettings } from "../spec/run-settings.js";
import type { TaskTable } from "../task-definition.js";

/** Where a run stands, as its store tells. */
export interface RunStatus<S = RunSettings> {
  /**
   * "preparing" and "training" are also what a process leaves that was killed; "failed" is a run that an error has ended, as
   * training that diverged.
   */
  readonly status: RunRecord["status"] | "finished";
  /** The spec, whole, of one that is not finished; report.json holds that of a finished one. */
  readonly settings: S | null;
  /** Steps that its checkpoint has behind it; null where it has none. */
  readonly step: number | null;
  /** Steps in all; null where that is not known yet. */
  readonly steps: number | null;
  /** When it began, ISO 8601; null where that is not recorded. */
  readonly began: string | null;
  /** When its status changed last; null where that is not recorded. */
  readonly changed: string | null;
  /** What ended it, where it failed. */
  readonly error: string | null;
}

/**
 * Where the run in a store stands; null where the store holds none. Throws `FormatError` where its files are damaged and
 * `ConfigError` for what is no store.
 */
export async function readStatus(store: RunStore, tasks: TaskTable): Promise<RunStatus | null> {
  const taken = takeStore("runStatus", store);
  const resumable = await readCheckpoint(taken, tasks);
  if (resumable === null && (await taken.has(runFiles.report)))
    return { status: "finished", settings: null, step: null, steps: null, began: null, changed: null, error: null };
  const record = await readRecord(taken, tasks);
  if (record === null && resumable === null) return null;
  return {
    status: record?.status ?? "interrupted",
    settings: resumable?.run.settings ?? record!.settings,
    step: resumable?.checkpoint.step ?? null,
    steps: record?.steps ?? resumable?.run.settings.steps ?? null,
    began: record?.began ?? null,
    changed: record?.changed ?? null,
    error: record?.error?.message ?? null,
  };
}
