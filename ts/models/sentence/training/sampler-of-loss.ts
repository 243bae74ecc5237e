import { ConfigError } from "../../../errors/errors.js";
import type { Graph } from "../../../graph/graph.js";
import type { SentenceLossName } from "../../../train/losses/sentence-loss-options.js";
import { type BatchSampler, groupedOrder, noDuplicatesOrder } from "./batch-samplers.js";
import type { FitLossOptions } from "./loss-inputs.js";
import type { SampledOrder, SampledOrderOptions } from "./sampled-order.js";
import type { SentenceRow } from "./sentence-examples.js";

/** A loss's name without case and dividers, since `sentenceLoss` understands names of classes too. */
export const plainName = (loss: string) => loss.toLowerCase().replace(/[^a-z]/g, "");

/** The losses that read a batch's other rows: as negatives, or as triplets. */
export function samplerOf(loss: SentenceLossName, { inner }: FitLossOptions): BatchSampler {
  if (plainName(loss).startsWith("matryoshka")) {
    const own = inner ?? "multiple-negatives-ranking";
    return samplerOf(typeof own === "string" ? own : own.name, {});
  }
  if (plainName(loss).startsWith("batch")) return "group-by-label";
  return /multiplenegatives|mnrl|infonce|gist/.test(plainName(loss)) ? "no-duplicates" : "random";
}

/** The order of a sampler; null for `fit`'s own. Rejects with `ConfigError` if no batch can be made, with `AbortError` if cancelled. */
export async function orderOf(
  rows: readonly Pick<SentenceRow, "texts" | "label">[],
  sampler: BatchSampler,
  size: number,
  seed: number,
  { engine }: Graph,
  options: SampledOrderOptions,
): Promise<SampledOrder | null> {
  if (sampler === "random" || rows.length === 1) return null;
  const make = sampler === "no-duplicates" ? noDuplicatesOrder : groupedOrder;
  const order = await make(rows, size, seed, engine, options);
  if (order !== null) return order;
  const problem = sampler === "no-duplicates" ? "any two examples have a text in common" : "no class has two examples";
  throw new ConfigError(
    `fit: ${problem}, so there are no batches; add other examples, or set batchSampler to "random"`,
    {
      op: "fit",
      option: "batchSampler",
      value: sampler,
    },
  );
}
