import type { CallAdapters } from "../../adapters/call-adapters.js";
import { inferring } from "../../graph/inferring.js";
import { attendBehind } from "../decoder/attention.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { CachedTokens } from "./cached-tokens.js";
import type { LanguageModelParts } from "./load-language-model.js";

/** What computes. */
type Parts = Pick<LanguageModelParts, "graph" | "model">;

/** Tokens of one of a call's texts that follow those that are held. */
interface Fed {
  readonly text: number;
  readonly held: CachedTokens;
  readonly ids: Int32Array;
}

/** As `behind`, the texts whose products are rounded in a pass of their own. */
export function behindEach(
  parts: Parts,
  adapters: CallAdapters,
  fed: readonly (Fed & { readonly rounded: boolean })[],
): Float32Array[] {
  const logits: Float32Array[] = [];
  for (const rounded of [true, false]) {
    const places = [...fed.keys()].filter((place) => fed[place]!.rounded === rounded);
    if (places.length === 0) continue;
    const own = places.map((place) => fed[place]!);
    const rows = parts.graph.withRounding(rounded, () => behind(parts, adapters, own));
    for (const [i, place] of places.entries()) logits[place] = rows[i]!;
  }
  return logits;
}

/** Logits `[vocabulary]` behind each text's last token; what is held then holds the fed tokens too. */
export function behind({ graph, model }: Parts, adapters: CallAdapters, fed: readonly Fed[]): Float32Array[] {
  for (const { held, ids } of fed) held.cache.reserve(ids.length);
  const batch = batchOf(fed);
  const texts = fed.map(({ text }) => text);
  const rows = Int32Array.from(fed, (_, i) => batch.offsets[i + 1]! - 1);
  const { data, shape } = inferring(graph, () => {
    const attend = attendBehind(fed.map(({ held }) => held.cache));
    const hidden = model.infer(batch, adapters.selection(texts, batch.offsets), attend);
    const last = rows.length === batch.ids.length ? hidden : graph.embedding(hidden, rows);
    const selection = adapters.selection(
      texts,
      Int32Array.from({ length: rows.length + 1 }, (_, i) => i),
    );
    return graph.value(model.logits(last, selection));
  });
  for (const { held, ids } of fed) held.extend(ids);
  return fed.map((_, i) => data.subarray(i * shape[1]!, (i + 1) * shape[1]!));
}

/** The fed tokens one behind the other, their positions counted from those that are held. */
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
