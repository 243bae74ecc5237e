import { or, type Readers } from "../arguments/options.js";
import { whole } from "../arguments/settings.js";
import type { BatchLimits } from "../models/language/batch/continuous-batch.js";

/** Limits of answers that are generated together. */
export interface BatchOptions {
  /** Maximum number of answers that are generated at the same time, each with its own keys and values in memory; default 16. */
  readonly maxRunning?: number | undefined;
  /** Maximum bytes of linear memory for prompts and answers that later requests may begin with; 0 keeps none. Default 64 MiB. */
  readonly prefixCacheBytes?: number | undefined;
}

/** The options, checked. */
interface BatchSettings {
  readonly maxRunning: number;
  readonly prefixCacheBytes: number;
}

/** Readers of the options. */
export const batchReaders: Readers<BatchSettings> = {
  maxRunning: or(16, whole, 1),
  prefixCacheBytes: or(64 * 2 ** 20, whole),
};

/** The limits of a batch. */
export const batchLimits = ({ maxRunning, prefixCacheBytes }: BatchSettings): BatchLimits => ({
  maxTexts: maxRunning,
  prefixBytes: prefixCacheBytes,
});
