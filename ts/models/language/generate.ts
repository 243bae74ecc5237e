import { ConfigError } from "../../errors/errors.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { tokenText } from "../../tokenize/token-text.js";
import { breather } from "../../waiting/next-task.js";
import { attendBehind } from "../decoder/attention.js";
import { KeyValueCache } from "../decoder/key-value-cache.js";
import type { RaggedBatch } from "../ragged-batch.js";
import type { LanguageModelParts } from "./load-language-model.js";
import type { CallAdapters } from "../../adapters/call-adapters.js";
import type { TakenGenerateOptions } from "./generate-options.js";
import { logProbability, Sampler } from "./sampler.js";
import { StopWords } from "./stop-words.js";

/** Tokens that go through the model between two looks at the signal, where a prompt is long. */
const PROMPT_TOKENS = 256;

/** Tokens where nothing is said. */
const USUAL_TOKENS = 256;

/** A generated token, the one that ends a text included. */
export interface GeneratedToken {
  /** Its row of the vocabulary. */
  readonly id: number;
  /** Text that can be shown since the one before: whole characters, often those of this token. */
  readonly text: string;
  /** ln of the probability that the model gives it, before temperature and all that. */
  readonly logProbability: number;
}

/** What runs. */
type Parts = Pick<LanguageModelParts, "graph" | "model" | "tokenizer" | "ends" | "name">;

/** How many tokens may follow a prompt. Throws `ConfigError` where there is no room for them. */
export function roomFor(what: string, prompt: Int32Array, maxTokens: number | undefined, maxPositions: number): number {
  if (prompt.length === 0)
    throw new ConfigError(`${what}: the prompt has no token to go on from`, { op: what, option: "prompt", length: 0 });
  const room = maxPositions - prompt.length;
  if (room >= (maxTokens ?? 1)) return maxTokens ?? Math.min(USUAL_TOKENS, room);
  throw new ConfigError(
    `${what}: a prompt of ${prompt.length} tokens and ${maxTokens ?? 1} more do not fit into the model's ${maxPositions} positions; ` +
      `${Math.max(room, 0)} more would`,
    { op: what, option: maxTokens === undefined ? "prompt" : "maxTokens", value: maxTokens, length: maxPositions },
  );
}

/**
 * Generates token after token; each has its text where the model has a tokenizer. The cache and all else that a call takes is its
 * own, so calls do not disturb each other; it is given back when the generator ends, however it does.
 */
export async function* generateTokens(
  parts: Parts,
  adapters: CallAdapters,
  prompt: Int32Array,
  room: number,
  options: TakenGenerateOptions,
): AsyncGenerator<GeneratedToken, void, undefined> {
  const { signal, stop, ignoreEnd, rounded } = options;
  const text = parts.tokenizer === null ? null : tokenText(parts.tokenizer);
  const stops = new StopWords(stop);
  const sampler = new Sampler(options);
  const seen = new Set<number>(prompt);
  const pause = breather(signal);
  const cache = new KeyValueCache(parts.graph, parts.model.config);
  try {
    let next: ArrayLike<number> = prompt;
    for (let count = 0; count < room; count++) {
      let logits!: Float32Array;
      for (let start = 0; start < next.length; start += PROMPT_TOKENS) {
        throwIfAborted(signal);
        await pause();
        const piece = Int32Array.from(next).subarray(start, start + PROMPT_TOKENS);
        logits = parts.graph.withRounding(rounded, () => behind(parts, adapters, cache, piece));
      }
      throwIfAborted(signal);
      const likelihoods = logits.slice();
      const id = sampler.next(logits, seen);
      const ended = !ignoreEnd && parts.ends.has(id);
      seen.add(id);
      next = [id];
      let shown = ended ? "" : stops.push(text?.push(id) ?? "");
      if (ended || count + 1 === room) shown += stops.push(text?.end() ?? "") + stops.end();
      yield {
        id,
        text: shown,
        get logProbability() {
          return logProbability(likelihoods, id);
        },
      };
      if (ended || stops.done) return;
    }
  } finally {
    if (!parts.graph.gone) cache.dispose();
  }
}

/** Logits `[vocabulary]` behind some tokens that follow those of a cache, which then holds them too. */
function behind({ graph, model }: Parts, adapters: CallAdapters, cache: KeyValueCache, ids: Int32Array): Float32Array {
  cache.reserve(ids.length);
  const batch: RaggedBatch = {
    ids,
    positions: Int32Array.from(ids, (_, i) => cache.length + i),
    offsets: Int32Array.of(0, ids.length),
  };
  const wasTraining = graph.training;
  graph.eval();
  try {
    const logits = graph.step(() =>
      graph.noGrad(() => {
        const selection = adapters.selection([0], batch.offsets);
        const hidden = model.infer(batch, selection, attendBehind([cache]));
        const last = graph.slice(hidden, { dim: 0, start: ids.length - 1, end: ids.length });
        return graph.value(model.logits(last, selection)).data;
      }),
    );
    cache.extend(ids.length);
    return logits;
  } finally {
    if (wasTraining) graph.train();
  }
}
