import type { CallAdapters } from "../../adapters/adapter-selection.js";
import type { Graph } from "../../graph/graph.js";
import { inferred } from "../../graph/inferring.js";
import type { CacheFormat } from "../../ops/attention/cached-attention.js";
import { commonLength } from "../../values/number-list.js";
import type { Tensor } from "../../values/tensor.js";
import { attendBehind } from "../decoder/attention.js";
import { type DecoderConfig, keepsState } from "../decoder/config.js";
import { KeyValueCache } from "../decoder/key-value-cache.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { Sequence } from "./sequence.js";

/** The tokens of a text so far, with keys and values (or what layers keep instead) in memory. */
export class CachedTokens {
  private constructor(
    readonly cache: KeyValueCache,
    private ids: Int32Array,
  ) {}

  static none(graph: Graph, config: DecoderConfig, format: CacheFormat): CachedTokens {
    return new CachedTokens(new KeyValueCache(graph, config, format), new Int32Array(0));
  }

  /** Number of tokens. */
  get length(): number {
    return this.cache.length;
  }

  /** Ids of the cached tokens. */
  get tokens(): Int32Array {
    return this.ids.subarray(0, this.length);
  }

  /** Adds tokens whose keys and values a pass has written. */
  extend(ids: Int32Array): void {
    this.addIds(ids);
    this.cache.extend(ids.length);
  }

  /** Adds tokens with their keys and values, the first of a part of another cache. */
  append(ids: Int32Array, part: KeyValueCache): void {
    this.addIds(ids);
    this.cache.append(part, ids.length);
  }

  private addIds(ids: Int32Array): void {
    const { length } = this;
    if (this.ids.length < length + ids.length) {
      const grown = new Int32Array(Math.max(64, 2 * (length + ids.length)));
      grown.set(this.ids.subarray(0, length));
      this.ids = grown;
    }
    this.ids.set(ids, length);
  }

  /** Length of the common beginning of a text and these tokens. */
  common(text: Int32Array): number {
    return commonLength(this.tokens, text);
  }

  /** Forgets all but the first `length` tokens, and those too where layers keep the state after the last one alone. */
  cut(length: number): void {
    this.cache.cut(this.cache.reusable(length));
  }

  /** How many of a text's first tokens need not be computed again; its last one must, for its logits. */
  reusable(text: Int32Array): number {
    return this.cache.reusable(Math.min(this.common(text), text.length - 1));
  }

  /** A copy of the first `length` tokens. */
  fork(length = this.length): CachedTokens {
    return new CachedTokens(this.cache.fork(length), this.ids.slice(0, length));
  }

  dispose(): void {
    this.cache.dispose();
  }
}

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

/** Tokens computed between two checks of the signal, of one long prompt or of several. */
export const PROMPT_TOKENS = 256;

type PromptParts = Pick<LanguageModelParts, "graph" | "model" | "cacheFormat">;

/** The beginning that a prompt shares with an earlier one: which one, and the number of tokens. */
interface Begin {
  readonly of: number;
  readonly length: number;
}

/**
 * Computes the prompts of a call's texts, in passes over as many as fit. Common beginnings are computed once. A row's bits do not depend on
 * the rest of the pass.
 *
 * @param held cached tokens of each text, from earlier calls if any; missing ones are created and belong to the caller
 * @param breathe called between two passes; throws if the call was aborted
 * @returns logits `[vocabulary]` after each prompt
 */
export async function readPrompts(
  parts: PromptParts,
  adapters: CallAdapters,
  texts: readonly Sequence[],
  held: (CachedTokens | undefined)[],
  breathe: () => Promise<void>,
): Promise<Float32Array[]> {
  const logits: Float32Array[] = [];
  // A state is that of one token alone, which the common beginning seldom ends with.
  const shares = !keepsState(parts.model.config);
  const begins = texts.map((_, i) =>
    held[i] === undefined ? (shares ? beginOf(adapters, texts, i) : { of: 0, length: 0 }) : null,
  );
  for (const [i, { prompt }] of texts.entries()) held[i]?.cut(held[i].reusable(prompt));
  const order = adapters.order(0, texts.length) ?? [...texts.keys()];
  for (let passes = 0; ; passes++) {
    const fed = [];
    for (let [place, room] = [0, PROMPT_TOKENS]; place < order.length && room > 0; place++) {
      const text = order[place]!;
      const { prompt, rounded } = texts[text]!;
      const own = (held[text] ??= begun(parts, begins[text]!, held));
      const ids = prompt.subarray(own?.length ?? prompt.length, (own?.length ?? 0) + room);
      if (own === undefined || ids.length === 0) continue;
      fed.push({ text, held: own, ids, rounded });
      room -= ids.length;
    }
    if (fed.length === 0) return logits;
    if (passes > 0) await breathe();
    for (const [place, row] of (await decodeBatch(parts, adapters, fed)).entries()) logits[fed[place]!.text] = row;
  }
}

/** The longest beginning that a text shares with an earlier one, without its last token, whose logits are needed. */
function beginOf(adapters: CallAdapters, texts: readonly Sequence[], i: number): Begin {
  const { prompt, rounded } = texts[i]!;
  let begin = { of: 0, length: 0 };
  for (let of = 0; of < i; of++) {
    const other = texts[of]!;
    if (other.rounded !== rounded || !adapters.alike(of, i)) continue;
    const length = Math.min(commonLength(other.prompt, prompt), prompt.length - 1);
    if (length > begin.length) begin = { of, length };
  }
  return begin;
}

/** Copies the common beginning once the earlier text has been computed that far. */
function begun(
  { graph, model, cacheFormat }: PromptParts,
  { of, length }: Begin,
  held: readonly (CachedTokens | undefined)[],
): CachedTokens | undefined {
  if (length === 0) return CachedTokens.none(graph, model.config, cacheFormat);
  const from = held[of];
  return from !== undefined && from.length >= length ? from.fork(length) : undefined;
}
