import type { CallAdapters } from "../../adapters/adapter-selection.js";
import type { AdapterChoice, AdapterSet, Begun } from "../../adapters/adapter-set.js";
import { ConfigError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { type CachedTokens, decodeBatch, PROMPT_TOKENS, readPrompts } from "./decode-step.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import type { LanguageModelParts } from "./load-language-model.js";
import { type GeneratedToken, prepared, type Room, Sequence } from "./sequence.js";
import { type AssistantCall, Speculation, takeDrafted } from "./speculation.js";

/** Default of `maxTokens`. */
const USUAL_TOKENS = 256;

/** What generates. */
type GeneratingParts = Pick<LanguageModelParts, "graph" | "model" | "tokenizer" | "ends" | "name" | "cacheFormat">;

/** A text to generate. */
export interface GenerationRequest {
  readonly prompt: Int32Array;
  readonly room: Room;
  readonly options: TakenGenerateOptions;
  /** The draft model; null for none. */
  readonly assistant: AssistantCall | null;
}

/** A token of one of the texts of `generateBatch`. */
export interface BatchToken extends GeneratedToken {
  /** Index of its request. */
  readonly sequence: number;
}

const NONE = new Int32Array(0);

/** Number of tokens that may follow a prompt. Throws `ConfigError` if there is no room for any. */
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
 * Generates several texts, with each pass of the model one token of each, and further ones where they were drafted; with text if the model
 * has a tokenizer. Calls share no state. All memory is freed when the generator ends, in any way.
 *
 * @param keptTokens gives the tokens of a session from which the only request continues; they stay the session's. Called right before the
 * first pass, so that a call that fails earlier leaves the session as it is.
 */
export async function* generateTokens(
  parts: GeneratingParts,
  adapters: CallAdapters,
  requests: readonly GenerationRequest[],
  signal: AbortSignal | undefined,
  keptTokens?: () => CachedTokens,
): AsyncGenerator<BatchToken, void, undefined> {
  const { graph, model } = parts;
  const texts = requests.map(({ prompt, room, options }) => new Sequence(parts, prompt, room, options));
  const held: (CachedTokens | undefined)[] = texts.map(() => undefined);
  let kept: CachedTokens | undefined;
  const speculations = requests.map(({ prompt, options, assistant }) => Speculation.of(prompt, options, assistant));
  const drafts: Int32Array[] = texts.map(() => NONE);
  const pause = breather(signal);
  const breathe = async () => {
    throwIfAborted(signal);
    await pause();
    throwIfAborted(signal);
  };
  try {
    adapters.keep(graph);
    // Before the prompts: their formats may be wrong.
    for (const text of texts) await prepared(text, signal);
    await breathe();
    kept = keptTokens?.();
    if (kept !== undefined) held[0] = kept;
    const logits = await readPrompts(parts, adapters, texts, held, breathe);
    // Neighbours with the same adapter share a range.
    const order = adapters.order(0, texts.length) ?? [...texts.keys()];
    for (;;) {
      for (const [sequence, text] of texts.entries()) {
        if (text.done) continue;
        const drafted = drafts[sequence]!;
        const tokens = await takeDrafted(text, drafted, logits[sequence]!, signal);
        // The last one was never computed, and what was drafted in its place is wrong.
        if (drafted.length > 0) held[sequence]!.cut(held[sequence]!.length - drafted.length + tokens.length - 1);
        speculations[sequence]?.add(tokens, drafted.length);
        for (const token of tokens) yield { sequence, ...token };
      }
      const going = order.filter((i) => !texts[i]!.done);
      if (going.length === 0) return;
      await breathe();
      // A pass has no more tokens than one of prompts: each takes memory for its logits.
      const most = Math.max(0, Math.floor(PROMPT_TOKENS / going.length) - 1);
      for (const i of going)
        drafts[i] = (await speculations[i]?.draft(Math.min(texts[i]!.left - 1, most), breathe)) ?? NONE;
      const fed = going.map((i) => {
        const ids = Int32Array.from([...texts[i]!.next, ...drafts[i]!]);
        return { text: i, held: held[i]!, ids, rows: ids.length, rounded: texts[i]!.rounded };
      });
      for (const [place, row] of (await decodeBatch({ graph, model }, adapters, fed)).entries())
        logits[going[place]!] = row;
      for (const [i, text] of texts.entries()) if (text.done && kept === undefined) held[i]!.dispose();
    }
  } finally {
    for (const speculation of speculations) speculation?.dispose();
    if (!graph.gone) {
      for (const own of held) if (own !== kept) own?.dispose();
      adapters.release(graph);
    }
  }
}

/** Adapters and weights of a call that starts later, or never; until then it does not count as running. */
export function taken(adapterSet: AdapterSet, choice: AdapterChoice | readonly AdapterChoice[]): Taken {
  const { adapters, weights, end } = adapterSet.begin(choice);
  end();
  return { adapters, weights, begin: () => begin(adapterSet, weights) };
}

/** Adapters and weights at the call. */
export interface Taken extends Pick<Begun, "adapters" | "weights"> {
  /** Marks it as running; returns a function that ends that. Throws `ConfigError` if the weights have changed. */
  readonly begin: () => () => void;
}

/** `begin` of a call and of its requests' draft models: all begin, or none. */
export function beginWith(begin: () => () => void, requests: readonly GenerationRequest[]): () => () => void {
  const begins = [begin, ...requests.flatMap(({ assistant }) => assistant?.begin ?? [])];
  return () => {
    const ends: (() => void)[] = [];
    const endAll = () => {
      for (const end of ends) end();
    };
    try {
      for (const one of begins) ends.push(one());
    } catch (error) {
      endAll();
      throw error;
    }
    return endAll;
  };
}

function begin({ merged }: AdapterSet, weights: number): () => void {
  const call = merged.begin();
  if (call.weights === weights) return call.end;
  call.end();
  throw new ConfigError(
    "an adapter was merged into the base, or taken out of it, after this call and before its first token: make the call again",
    { reason: "merged" },
  );
}

/** Tokens of the only text. */
export async function* single(tokens: AsyncGenerator<BatchToken, void, undefined>) {
  for await (const { sequence: _, ...token } of tokens) yield token;
}

/** Yields only the text of each token, if there is any. */
export async function* texts(tokens: AsyncGenerator<GeneratedToken, void, undefined>) {
  for await (const { text } of tokens) if (text !== "") yield text;
}

/**
 * A generator that counts as running from its first `next` until it ends. A generator that is never advanced never counts.
 * @param begin returns a function to call once at the end; if it throws, the generator ends with that error
 */
export function underWay<T>(
  inner: AsyncGenerator<T, void, undefined>,
  begin: () => () => void,
): AsyncGenerator<T, void, undefined> {
  let asked = false;
  let end: (() => void) | null = null;
  const finish = () => {
    end?.();
    end = null;
  };
  const watched = async (work: Promise<IteratorResult<T, void>>) => {
    try {
      const result = await work;
      if (result.done === true) finish();
      return result;
    } catch (error) {
      finish();
      throw error;
    }
  };
  return {
    async next() {
      if (!asked) {
        asked = true;
        try {
          end = begin();
        } catch (error) {
          await inner.return();
          throw error;
        }
      }
      return watched(inner.next());
    },
    return(value) {
      asked = true;
      return watched(inner.return(value));
    },
    throw(error) {
      asked = true;
      return watched(inner.throw(error));
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}
