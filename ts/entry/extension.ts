/**
 * What packages that extend lowrank are written with, in every runtime: its checks of options, its messages, a stranger's JSON, and what a
 * run's files are. Nothing is set up by it. It may change in any version, so such a package names the version of lowrank exactly.
 */
import { lazyChunk } from "../waiting/lazy-chunk.js";
import type { TrainRounds } from "../worker/client/train-rounds.js";

const pageRounds = /* @__PURE__ */ lazyChunk(() => import("./page-rounds.js"));

export { checkRecord, isRecord, namesFrom } from "../arguments/collections.js";
export { checkOptions } from "../arguments/options.js";
export { or, readOptions } from "../arguments/options.js";
export {
  callable,
  flag,
  fraction,
  list,
  nonNegative,
  oneOf,
  positive,
  share,
  text,
  unexpected,
  whole,
} from "../arguments/settings.js";
export { AbortError, ConfigError, FormatError, LowrankError } from "../errors/errors.js";
export { clip, excerpt } from "../errors/excerpt.js";
export { concatenated } from "../io/byte-source.js";
export { isJsonObject, parseJson, parseJsonObject, type Json } from "../io/json.js";
export { WEIGHTS_FILE } from "../io/peft/paths/keys.js";
export { readSafetensors, writeSafetensors } from "../io/safetensors/index.js";
export { Philox } from "../nn/philox.js";
export { HEAD_FILE } from "../tasks/head/classifier-files.js";
export type { ClassifyOptions } from "../tasks/head/classifier-options.js";
export { takeLearnt } from "../tasks/head/given-examples.js";
export { LABELS_FILE, takeLabels } from "../tasks/head/labels-file.js";
export { sha256 } from "../io/sha256.js";
export { exp, log } from "../values/elementary.js";
export { sizeOf } from "../values/shape.js";
export { formatShape } from "../values/tensor.js";
export { sameMinor, VERSION } from "../version.js";
export { checkSignal, orAborted, readSignal, throwIfAborted, untilAborted } from "../waiting/abort.js";
export { stopwatch } from "../waiting/clock.js";
export { timer } from "../waiting/clock.js";
export type { AnyJobSpec } from "../tasks/index.js";
export type { JobListener } from "../training/job-events.js";
export type { OptionNames } from "../training/spec/option-names.js";
export type { RoundChanges, Rounds } from "../training/rounds/rounds.js";
export type { TrainRounds, TrainRoundsOptions } from "../worker/client/train-rounds.js";

/** Rounds of a page, in a worker: the one that the options name, or the one that calls share. Its code is fetched by the first call. */
export const trainRounds: TrainRounds = async (...args) => (await pageRounds()).trainRounds(...args);
