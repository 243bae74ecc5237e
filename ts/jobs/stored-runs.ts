import { type AnyJobSpec, type JobSettings, tasks } from "../tasks/index.js";
import * as checkpoints from "../training/store/checkpoint-file.js";
import { readStatus, type RunStatus as StatusOf } from "../training/store/run-record.js";
import { type RunStore, takeStore } from "../training/store/run-store.js";

/** The status of a run in a store. */
export type RunStatus = StatusOf<JobSettings>;

/**
 * The status of the run in a store; null if there is none. Throws `FormatError` for damaged files and `ConfigError` for an invalid store.
 */
export const runStatus = async (store: RunStore): Promise<RunStatus | null> =>
  (await readStatus(store, tasks)) as RunStatus | null;

/** The spec of the unfinished run in a store; null if there is none. Throws as `runJob` for damaged files. */
export async function unfinishedSpec(store: RunStore): Promise<AnyJobSpec | null> {
  return (await runStatus(takeStore("unfinishedSpec", store)))?.settings ?? null;
}

/** The checkpoint in a store; null if there is none. Throws `FormatError` if it or its history is damaged. */
export const readCheckpoint = (store: Pick<RunStore, "read" | "place">): Promise<checkpoints.Resumed | null> =>
  checkpoints.readCheckpoint(store, tasks);
