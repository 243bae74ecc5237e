/**
 * What packages that extend lowrank are written with, in every runtime: its checks of options, its messages, a stranger's JSON, and what a
 * run's files are. Nothing is set up by it. It may change in any version, so such a package names the version of lowrank exactly.
 */
import { lazyChunk } from "../waiting/lazy-chunk.js";
import type { TrainRounds } from "../worker/client/train-rounds.js";

const pageRounds = /* @__PURE__ */ lazyChunk(() => import("./page-rounds.js"));

export {
  checkRecord,
  isRecord,
  namesFrom,
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
export { checkOptions } from "../arguments/options.js";
export { or, readOptions } from "../arguments/options.js";
export { AbortError, ConfigError, FormatError, LowrankError } from "../errors/errors.js";
export { clip, excerpt } from "../errors/excerpt.js";
export { concatenated } from "../io/byte-source.js";
export { isJsonObject, parseJson, parseJsonObject, type Json } from "../io/json.js";
export { WEIGHTS_FILE } from "../io/peft/adapter-files.js";
export { readSafetensors, writeSafetensors } from "../io/safetensors/index.js";
export { Philox } from "../nn/random.js";
export { HEAD_FILE, LABELS_FILE, takeLabels } from "../tasks/head/classifier-files.js";
export type { ClassifyOptions } from "../tasks/head/classifier-parts.js";
export { takeTrainingExamples } from "../tasks/head/classifier-training.js";
export { sha256 } from "../io/sha256.js";
export { exp, log } from "../values/elementary.js";
export { sizeOf, formatShape } from "../values/tensor.js";
export { sameMinor, VERSION } from "../version.js";
export { checkSignal, orAborted, readSignal, throwIfAborted, untilAborted } from "../waiting/abort.js";
export { stopwatch, timer } from "../waiting/next-task.js";
export type { AnyJobSpec } from "../tasks/index.js";
export type { JobListener } from "../training/job-events.js";
export type { OptionNames } from "../training/spec/option-names.js";
export type { RoundChanges, Rounds } from "../training/rounds.js";
export type { TrainRounds, TrainRoundsOptions } from "../worker/client/train-rounds.js";

/** Rounds of a page, in a worker: the one that the options name, or the one that calls share. Its code is fetched by the first call. */
export const trainRounds: TrainRounds = async (...args) => (await pageRounds()).trainRounds(...args);
