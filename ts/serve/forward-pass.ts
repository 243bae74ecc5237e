import type { ModelAdapter } from "../adapters/model-adapter.js";
import { rangesOf } from "../adapters/adapter-selection.js";
import { inferring } from "../graph/inferring.js";
import type { NodeId } from "../graph/graph.js";
import { type RaggedBatch, raggedBatch } from "../models/ragged-batch.js";
import type { InferenceParts } from "../models/sentence/inference.js";
import { pooledBy } from "../models/sentence/pooling.js";

/** Reads results from pooled vectors: rows `[texts, hidden]` → `[texts, …]`. Texts that are processed together share the same function. */
export type Finish = (pooled: NodeId) => NodeId;

/** A text to process. @typeParam T its tokens, or those of a pair of texts */
export interface PassText<T> {
  readonly tokens: T;
  /** Adapter; null for the base alone. */
  readonly adapter: ModelAdapter | null;
  readonly finish: Finish;
}

/**
 * Runs texts through an encoder at once, each with its own adapter and result. Rows come in order and are bit-identical to those of each
 * text alone. It does not await, so no other call comes in between.
 *
 * @param skip number of leading tokens of every text that are not pooled
 */
export function forwardPass<T>(parts: InferenceParts<T>, texts: readonly PassText<T>[], skip: number): Float32Array[] {
  const { graph, adapterSet } = parts;
  // An adapter that was removed, or is merged, is refused here.
  const applied = new Map(
    [...new Set(texts.map(({ adapter }) => adapter))].map((one) => [one, adapterSet.applied(one)]),
  );
  // Texts with the same adapter are neighbours. DoRA's come last, since they are computed differently.
  const order = [...applied.keys()].sort((a, b) => Number(isDora(a)) - Number(isDora(b)));
  const sorted = order.flatMap((adapter) => texts.filter((text) => text.adapter === adapter));
  const batchOf = parts.batchOf ?? (raggedBatch as unknown as (texts: readonly T[]) => RaggedBatch);
  const batch = batchOf(sorted.map(({ tokens }) => tokens));
  const rows = new Map<PassText<T>, Float32Array>();
  inferring(graph, () => {
    const adapters = sorted.map(({ adapter }) => applied.get(adapter)!);
    const selection = rangesOf(adapters, batch.offsets, (adapter) => adapter);
    const pooled = pooledBy(parts, batch, selection, { skip });
    for (const finish of new Set(sorted.map((text) => text.finish))) {
      const places = [...sorted.keys()].filter((i) => sorted[i]!.finish === finish);
      const { data } = graph.value(finish(graph.embedding(pooled, places)));
      const width = data.length / places.length;
      places.forEach((place, i) => rows.set(sorted[place]!, data.slice(i * width, (i + 1) * width)));
    }
  });
  return texts.map((text) => rows.get(text)!);
}

const isDora = (adapter: ModelAdapter | null) => adapter?.config.useDora === true;
