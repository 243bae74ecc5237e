import { ConfigError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { attendBehind } from "../decoder/attention.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { CallAdapters } from "../../adapters/call-adapters.js";
import { CachedTokens } from "./cached-tokens.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import { type GeneratedToken, type Room, Sequence } from "./sequence.js";
import { inferring } from "../../graph/inferring.js";

/** Tokens that go through the model between two looks at the signal, where a prompt is long. */
const PROMPT_TOKENS = 256;

/** Tokens where nothing is said. */
const USUAL_TOKENS = 256;

/** What runs. */
export type GeneratingParts = Pick<
  LanguageModelParts,
  "graph" | "model" | "tokenizer" | "ends" | "name" | "cacheFormat"
>;

/** A text that is asked for. */
export interface GenerationRequest {
  readonly prompt: Int32Array;
  readonly room: Room;
  readonly options: TakenGenerateOptions;
}

/** A token of one of several texts. */
export interface BatchToken extends GeneratedToken {
  /** Which of the requests it is of. */
  readonly sequence: number;
}

/** How many tokens may follow a prompt. Throws `ConfigError` where there is no room for them. */
export function roomFor(what: string, prompt: Int32Array, maxTokens: number | undefined, maxPositions: number): Room {
  if (prompt.length === 0)
    throw new ConfigError(`${what}: the prompt has no token to go on from`, { op: what, option: "prompt", length: 0 });
  const room = maxPositions - prompt.length;
  if (room >= (maxTokens ?? 1)) {
    const tokens = maxTokens ?? Math.min(USUAL_TOKENS, room);
    return { tokens, whole: tokens === room && maxTokens === undefined };
  }
  throw new ConfigError(
    `${what}: a prompt of ${prompt.length} tokens and ${maxTokens ?? 1} more do not fit into the model's ${maxPositions} positions; ` +
      `${Math.max(room, 0)} more would`,
    { op: what, option: maxTokens === undefined ? "prompt" : "maxTokens", value: maxTokens, length: maxPositions },
  );
}

/**
 * Generates several texts token after token, a pass of the model giving each one its next; each has text where the model has a
 * tokenizer. What a call takes is its own, so calls do not disturb each other; it is given back when the generator ends, however it does.
 *
 * @param kept tokens of before that the only request goes on from, which stay its caller's
 */
export async function* generateTokens(
  parts: GeneratingParts,
  adapters: CallAdapters,
  requests: readonly GenerationRequest[],
  signal: AbortSignal | undefined,
  kept?: CachedTokens,
): AsyncGenerator<BatchToken, void, undefined> {
  const { graph, model } = parts;
  const texts = requests.map(({ prompt, room, options }) => new Sequence(parts, prompt, room, options));
  const held: CachedTokens[] = [];
  const pause = breather(signal);
  const breathe = async () => {
    throwIfAborted(signal);
    await pause();
    throwIfAborted(signal);
  };
  try {
    adapters.keep(graph);
    const logits: Float32Array[] = [];
    for (const [i, { prompt, rounded }] of texts.entries()) {
      held.push(kept ?? begun(parts, adapters, texts, held, i));
      const own = held[i]!;
      own.cut(Math.min(own.common(prompt), prompt.length - 1));
      for (let start = own.length; start < prompt.length; start += PROMPT_TOKENS) {
        await breathe();
        const ids = prompt.subarray(start, start + PROMPT_TOKENS);
        [logits[i]] = behindEach({ graph, model }, adapters, [{ text: i, held: own, ids, rounded }]) as [Float32Array];
      }
    }
    // Neighbours share an adapter's range.
    const order = adapters.order(0, texts.length) ?? [...texts.keys()];
    for (;;) {
      for (const [sequence, text] of texts.entries())
        if (!text.done) yield { sequence, ...text.take(logits[sequence]!) };
      const going = order.filter((i) => !texts[i]!.done);
      if (going.length === 0) return;
      await breathe();
      const fed = going.map((i) => ({ text: i, held: held[i]!, ids: texts[i]!.next, rounded: texts[i]!.rounded }));
      for (const [place, row] of behindEach({ graph, model }, adapters, fed).entries()) logits[going[place]!] = row;
      for (const [i, text] of texts.entries()) if (text.done && kept === undefined) held[i]!.dispose();
    }
  } finally {
    if (!graph.gone) {
      for (const own of held) if (own !== kept) own.dispose();
      adapters.release(graph);
    }
  }
}

/** What a text begins with: a copy of what another one before it, computed alike, has in common with it. */
function begun(
  { graph, model, cacheFormat }: Pick<GeneratingParts, "graph" | "model" | "cacheFormat">,
  adapters: CallAdapters,
  texts: readonly Sequence[],
  held: readonly CachedTokens[],
  i: number,
): CachedTokens {
  const { prompt, rounded } = texts[i]!;
  let [best, most] = [-1, 0];
  for (let other = 0; other < i; other++) {
    const common = adapters.alike(other, i) && texts[other]!.rounded === rounded ? held[other]!.common(prompt) : 0;
    if (common > most) [best, most] = [other, common];
  }
  const length = Math.min(most, prompt.length - 1);
  return length > 0 ? held[best]!.fork(length) : CachedTokens.none(graph, model.config, cacheFormat);
}

/** Tokens of one of a call's texts that follow those that are held. */
interface Fed {
  readonly text: number;
  readonly held: CachedTokens;
  readonly ids: Int32Array;
}

/** As `behind`, the texts whose products are rounded in a pass of their own. */
function behindEach(
  parts: Pick<GeneratingParts, "graph" | "model">,
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
export function behind(
  { graph, model }: Pick<GeneratingParts, "graph" | "model">,
  adapters: CallAdapters,
  fed: readonly Fed[],
): Float32Array[] {
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
