import type { ModelAdapter } from "../adapters/model-adapter.js";
import { rangesOf } from "../adapters/call-adapters.js";
import type { NodeId } from "../graph/graph.js";
import { raggedBatch } from "../models/ragged-batch.js";
import { pooledBy } from "../models/sentence/pooled.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import { inferring } from "../graph/inferring.js";

/** What is read of a text's pooled vector: rows `[texts, hidden]` → `[texts, …]`. The same function for all that go together. */
export type Finish = (pooled: NodeId) => NodeId;

/** A text on its way through the encoder. */
export interface PassText {
  readonly ids: Int32Array;
  /** Its own adapter; null for the base alone. */
  readonly adapter: ModelAdapter | null;
  readonly finish: Finish;
}

/**
 * Runs texts through the encoder at once, each under its own adapter and to its own end: rows in order, each with the bits
 * that the text gets alone. Nothing is awaited, so that no other call comes in between.
 *
 * @param skip tokens that every text begins with and that are not pooled
 */
export function forwardPass(encoder: SentenceEncoder, texts: readonly PassText[], skip: number): Float32Array[] {
  const { graph, adapterSet } = encoder;
  // One that was removed, or is merged, is refused here.
  const applied = new Map(
    [...new Set(texts.map(({ adapter }) => adapter))].map((one) => [one, adapterSet.applied(one)]),
  );
  // Texts of one adapter are neighbours. DoRA's come last, since they are computed in another way.
  const order = [...applied.keys()].sort((a, b) => Number(isDora(a)) - Number(isDora(b)));
  const sorted = order.flatMap((adapter) => texts.filter((text) => text.adapter === adapter));
  const batch = raggedBatch(sorted.map(({ ids }) => ids));
  const rows = new Map<PassText, Float32Array>();
  inferring(graph, () => {
    const adapters = sorted.map(({ adapter }) => applied.get(adapter)!);
    const selection = rangesOf(adapters, batch.offsets, (adapter) => adapter);
    const pooled = pooledBy(encoder, batch, selection, { skip });
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
