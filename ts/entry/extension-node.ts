/** What packages that extend lowrank are written with in Node: what every runtime has, and runs in folders and buckets. */
export * from "./extension.js";
export { takeBucketAddress } from "../io/node/bucket/bucket-access.js";
export { Bucket } from "../io/node/bucket/bucket.js";
export { isRemote } from "../io/node/index.js";
export { storeIn } from "../training/node/bucket-store.js";
export { isLock } from "../training/node/run-lock.js";
export { firstDifference, takeAnySpec, tasks } from "../tasks/index.js";
export type { AnyJobSpec, JobSettings } from "../tasks/index.js";
export { builds } from "../training/spec/shared-fields.js";
export type { SharedSettings } from "../training/spec/training-settings.js";
export type { Metric } from "../training/task-definition.js";
export { openRounds } from "../jobs/task-rounds.js";
export type { OptionNames } from "../training/job-events.js";
export type { RoundsOptions } from "../jobs/task-rounds.js";
export type { RoundChanges, RoundFit, RoundModel, TaskRounds } from "../training/rounds/task-rounds.js";
export { readCheckpoint } from "../jobs/stored-runs.js";
export { OTHER_ORIGIN } from "../training/store/origin-check.js";
export { isUnfinished, runFiles } from "../training/store/run-files.js";
