import { decoderPlan } from "../decoders.js";
import { estimateOf, type MemoryEstimate, type MemoryOptions } from "../estimate-memory.js";

/** As `estimateMemory`, of a language model. */
export const estimateLanguageMemory = (
  config: Readonly<Record<string, unknown>>,
  options: MemoryOptions,
): MemoryEstimate => estimateOf(decoderPlan(config), options, 1);
