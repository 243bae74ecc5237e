/**
 * What packages that extend lowrank are written with: its checks of options, its messages, a stranger's JSON, and what a run's files are.
 * It may change in any version, so such a package names the version of lowrank exactly.
 */
export { isRecord } from "../arguments/collections.js";
export { checkOptions } from "../arguments/options.js";
export { callable, list, oneOf, text, unexpected, whole } from "../arguments/settings.js";
export { clip, excerpt } from "../errors/excerpt.js";
export { isJsonObject, parseJsonObject } from "../io/json.js";
export type { Json } from "../io/json.js";
export { takeBucketAddress } from "../io/node/bucket/bucket-access.js";
export { Bucket } from "../io/node/bucket/bucket.js";
export { isRemote } from "../io/node/index.js";
export { Philox } from "../nn/philox.js";
export { storeIn } from "../training/node/bucket-store.js";
export { isLock } from "../training/node/run-lock.js";
export { takeAnySpec } from "../training/spec/any-settings.js";
export type { AnyJobSpec, JobSettings } from "../training/spec/any-settings.js";
export { firstDifference } from "../training/spec/read-settings.js";
export { builds } from "../training/spec/shared-fields.js";
export type { SharedSettings } from "../training/spec/training-settings.js";
export { readCheckpoint } from "../training/store/checkpoint-file.js";
export { OTHER_ORIGIN } from "../training/store/origin-check.js";
export { isUnfinished, runFiles } from "../training/store/run-files.js";
export { exp, log } from "../values/elementary.js";
export { sameMinor, VERSION } from "../version.js";
export { checkSignal, orAborted, throwIfAborted, untilAborted } from "../waiting/abort.js";
