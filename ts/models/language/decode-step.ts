import type { CallAdapters } from "../../adapters/call-adapters.js";
import { inferred } from "../../graph/inferring.js";
import type { Tensor } from "../../values/tensor.js";
import { attendBehind } from "../decoder/attention.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { CachedTokens } from "./cached-tokens.js";
import type { LanguageModelParts } from "./load-language-model.js";

/** What computes the logits. */
type Parts = Pick<LanguageModelParts, "graph" | "model">;

/** New tokens of one of a call's texts, after those in its cache. */
interface Fed {
  readonly text: number;
  readonly held: CachedTokens;
  readonly ids: Int32Array;
  /** Number of last tokens whose logits are needed; default 1. */
  readonly rows?: number;
}

/** Logits of texts, on a GPU a promise of them. */
export type DecodedLogits = Float32Array[] | Promise<Float32Array[]>;

/** Decodes a batch as `decodeStep` does; texts with rounded products are computed in a separate pass. */
export async function decodeBatch(
  parts: Parts,
  adapters: CallAdapters,
  fed: readonly (Fed & { readonly rounded: boolean })[],
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  for (const rounded of [true, false]) {
    const places = [...fed.keys()].filter((place) => fed[place]!.rounded === rounded);
    if (places.length === 0) continue;
    const own = places.map((place) => fed[place]!);
    const rows = await parts.graph.withRounding(rounded, () => decodeStep(parts, adapters, own));
    for (const [i, place] of places.entries()) logits[place] = rows[i]!;
  }
  return logits;
}

/** One decoding step: logits `[rows, vocabulary]` after each text's last tokens. The new tokens are then in the caches. */
export function decodeStep(
  { graph, model }: Parts,
  adapters: Pick<CallAdapters, "selection">,
  fed: readonly Fed[],
): DecodedLogits {
  for (const { held, ids } of fed) held.cache.reserve(ids.length);
  const batch = batchOf(fed);
  const texts = fed.map(({ text }) => text);
  const ends = new Int32Array(fed.length + 1);
  fed.forEach(({ rows = 1 }, i) => (ends[i + 1] = ends[i]! + rows));
  const rows = new Int32Array(ends.at(-1)!);
  for (let i = 0; i < fed.length; i++)
    for (let row = ends[i]!; row < ends[i + 1]!; row++) rows[row] = batch.offsets[i + 1]! - ends[i + 1]! + row;
  const value = inferred(graph, () => {
    const attend = attendBehind(fed.map(({ held }) => held.cache));
    const hidden = model.infer(batch, adapters.selection(texts, batch.offsets), attend);
    const last = rows.length === batch.ids.length ? hidden : graph.embedding(hidden, rows);
    return model.logits(last, adapters.selection(texts, ends));
  });
  for (const { held, ids } of fed) held.extend(ids);
  const ofTexts = ({ data, shape }: Tensor) =>
    fed.map((_, i) => data.subarray(ends[i]! * shape[1]!, ends[i + 1]! * shape[1]!));
  return value instanceof Promise ? value.then(ofTexts) : ofTexts(value);
}

/** The new tokens as one batch; positions continue those in the caches. */
export function batchOf(fed: readonly Pick<Fed, "held" | "ids">[]): RaggedBatch {
  const offsets = new Int32Array(fed.length + 1);
  fed.forEach(({ ids }, i) => (offsets[i + 1] = offsets[i]! + ids.length));
  const [ids, positions] = [new Int32Array(offsets.at(-1)!), new Int32Array(offsets.at(-1)!)];
  fed.forEach(({ held, ids: own }, i) => {
    ids.set(own, offsets[i]);
    for (let t = 0; t < own.length; t++) positions[offsets[i]! + t] = held.length + t;
  });
  return { ids, positions, offsets };
}
