import { type AnyJobSpec, type JobSettings, tasks } from "../tasks/index.js";
import * as checkpoints from "../training/store/checkpoint-file.js";
import { readStatus, type RunStatus as StatusOf } from "../training/store/run-status.js";
import { type RunStore, takeStore } from "../training/store/run-store.js";

/** Where a run stands, as its store tells. */
export type RunStatus = StatusOf<JobSettings>;

/**
 * Where the run in a store stands; null where the store holds none. Throws `FormatError` where its files are damaged and
 * `ConfigError` for what is no store.
 */
export const runStatus = async (store: RunStore): Promise<RunStatus | null> =>
  (await readStatus(store, tasks)) as RunStatus | null;

/** What the unfinished run in a store began with; null where there is none. Errors as `runJob`, for damaged files. */
export async function unfinishedSpec(store: RunStore): Promise<AnyJobSpec | null> {
  return (await runStatus(takeStore("unfinishedSpec", store)))?.settings ?? null;
}

/** A store's checkpoint; null where it has none. Throws `FormatError` where it, or the history beside it, is not what a run wrote. */
export const readCheckpoint = (store: Pick<RunStore, "read" | "place">): Promise<checkpoints.Resumed | null> =>
  checkpoints.readCheckpoint(store, tasks);
