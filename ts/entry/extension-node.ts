import { trainRounds as here } from "../jobs/task-rounds.js";
import { localSources } from "../training/node/local-sources.js";
import type { JobSources } from "../training/sources/job-sources.js";
import { trainRounds as inWorker, type TrainRounds } from "../worker/client/train-rounds.js";

/** What packages that extend lowrank are written with in Node: what every runtime has, and runs in folders and buckets. */
export * from "./extension.js";
export { takeBucketAddress, Bucket } from "../io/node/bucket/bucket.js";
export { isRemote } from "../io/node/index.js";
export { isLoopback } from "../io/node/loopback.js";
export { isAllowedHost } from "../serve/openai/access.js";
export { isClaimed, storeIn } from "../training/node/bucket-store.js";
export { isLock, isLocked } from "../training/node/run-lock.js";
export { firstDifference, takeAnySpec, tasks, type JobSettings } from "../tasks/index.js";
export { builds, type SharedSettings } from "../training/spec/shared-fields.js";
export type { Metric } from "../training/task-definition.js";
export { openRounds } from "../jobs/task-rounds.js";
export { readCheckpoint } from "../jobs/stored-runs.js";
export { OTHER_ORIGIN } from "../training/store/run-state.js";
export { isUnfinished, runFiles } from "../training/store/run-store.js";

/** Rounds in this thread, whose sources are files, folders and the hub; with `worker` in that one. */
export const trainRounds: TrainRounds = (what, spec, work, options) => {
  const { worker, sources = localSources, ...rest } = options;
  if (worker !== undefined) return inWorker(what, spec, work, options);
  return here(what, spec, work, { ...rest, sources: sources as JobSources });
};
