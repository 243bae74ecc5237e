import type { CallAdapters } from "../../adapters/adapter-selection.js";
import type { AdapterChoice } from "../../adapters/adapter-set.js";
import { optional, readOptions } from "../../arguments/options.js";
import { whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { Gathered } from "../../graph/gathered.js";
import { inferred, inferring } from "../../graph/inferring.js";
import { exp } from "../../values/elementary.js";
import type { Tensor } from "../../values/tensor.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { nextTask } from "../../waiting/next-task.js";
import { attendBehind, attendWhole } from "../decoder/attention.js";
import { rowsAtOnce } from "../decoder/memory.js";
import { raggedBatch } from "../ragged-batch.js";
import { batchOf, CachedTokens, decodeStep } from "./decode-step.js";
import { readAdapter } from "./generate-options.js";
import type { LanguageModelParts } from "./load-language-model.js";
import { completionLoss } from "./training/measure.js";

/** Log probability of a completion. */
export interface CompletionScore {
  /** Sum of the natural logs of its tokens' probabilities. */
  readonly logProbability: number;
  /** Number of its tokens. */
  readonly tokens: number;
}

/** Options of `perplexity`. */
export interface PerplexityOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels between two windows: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
  /** Tokens of a window; default: 1024, or the model's number of positions. */
  readonly window?: number | undefined;
  /** Tokens from the start of one window to the next; default: half a window. */
  readonly stride?: number | undefined;
}

/** Result of `perplexity`. */
export interface Perplexity {
  /** e to the mean cross entropy. */
  readonly perplexity: number;
  /** Mean cross entropy of the tokens, in nats. */
  readonly loss: number;
  /** Number of tokens that were counted. */
  readonly tokens: number;
}

type Parts = Pick<LanguageModelParts, "graph" | "model">;

/** Tokens; those from `first` on are scored. */
interface Scored {
  readonly ids: Int32Array;
  readonly first: number;
}

const USUAL_WINDOW = 1024;
const PIECE = 256;

/** Throws `ConfigError` for a completion without tokens, or one whose first token has none before it. */
export function checkedCompletion(what: string, ids: Int32Array, first: number): Scored {
  if (first > 0 && first < ids.length) return { ids, first };
  const problem = first === 0 ? "the prompt has no token that a completion could follow" : "a completion has no token";
  throw new ConfigError(`${what}: ${problem}`, { op: what, option: first === 0 ? "prompt" : "completions", length: 0 });
}

/** The score of each completion; common beginnings are computed once. */
export async function scoresOf(
  { graph, model }: Parts,
  adapters: CallAdapters,
  completions: readonly Scored[],
  signal: AbortSignal | undefined,
): Promise<CompletionScore[]> {
  const held = CachedTokens.none(graph, model.config, "f32");
  const found: CompletionScore[] = [];
  const breathe = async () => {
    throwIfAborted(signal);
    await nextTask();
    throwIfAborted(signal);
  };
  try {
    adapters.keep(graph);
    for (const { ids, first } of completions) {
      held.cut(Math.min(held.common(ids), first - 1));
      while (held.length < first - 1) {
        await breathe();
        const piece = ids.subarray(held.length, Math.min(held.length + PIECE, first - 1));
        await decodeStep({ graph, model }, adapters, [{ text: 0, held, ids: piece }]);
      }
      await breathe();
      const tokens = ids.length - first;
      found.push({ logProbability: -(await lossBehind({ graph, model }, adapters, held, ids)), tokens });
    }
    return found;
  } finally {
    if (!graph.gone) {
      held.dispose();
      adapters.release(graph);
    }
  }
}

/** Sum of the cross entropies of all tokens except the first after the cached ones, which stay unchanged. */
async function lossBehind(
  { graph, model }: Parts,
  adapters: CallAdapters,
  held: CachedTokens,
  all: Int32Array,
): Promise<number> {
  const ids = all.subarray(held.length, all.length - 1);
  held.cache.reserve(ids.length);
  const batch = batchOf([{ held, ids }]);
  const attend = attendBehind([held.cache]);
  return sumOf({ graph, model }, adapters, batch, attend, all.subarray(held.length + 1), 0);
}

/** Sum of the cross entropies of the targets of a batch's rows from one on. */
async function sumOf(
  { graph, model }: Parts,
  adapters: CallAdapters,
  batch: ReturnType<typeof raggedBatch>,
  attend: typeof attendWhole,
  targets: Int32Array,
  from: number,
): Promise<number> {
  const { data } = await inferred(graph, () => {
    const selection = adapters.selection([0], batch.offsets);
    const hidden = model.infer(batch, selection, attend);
    const rows = Int32Array.from({ length: targets.length - from }, (_, i) => from + i);
    const wanted = { rows, ids: targets.subarray(from) };
    return completionLoss(graph, model, hidden, wanted, selection);
  });
  return data[0]!;
}

/** The options with their defaults. */
export function takePerplexity(what: string, options: PerplexityOptions, maxPositions: number) {
  const taken = readOptions(what, options, {
    adapter: readAdapter,
    signal: readSignal,
    window: optional((_: string, name: string, value: unknown) => whole(what, name, value, 2, maxPositions)),
    stride: optional((_: string, name: string, value: unknown) => whole(what, name, value, 1, maxPositions)),
  });
  const window = taken.window ?? Math.min(USUAL_WINDOW, maxPositions);
  const stride = taken.stride ?? Math.max(1, Math.floor(window / 2));
  if (stride >= window)
    throw new ConfigError(
      `${what}: a stride of ${stride} is not below the window of ${window}, so that what begins one had nothing before it`,
      {
        op: what,
        option: "stride",
        value: stride,
        length: window,
      },
    );
  return { ...taken, window, stride };
}

/** e to the mean loss of all texts' tokens, without each text's first. */
export async function perplexityOf(
  parts: Parts,
  adapters: CallAdapters,
  texts: readonly Int32Array[],
  { window, stride, signal }: ReturnType<typeof takePerplexity>,
): Promise<Perplexity> {
  let [total, tokens] = [0, 0];
  try {
    adapters.keep(parts.graph);
    for (const ids of texts)
      for (let [begin, done] = [0, 1]; done < ids.length; begin += stride) {
        const end = Math.min(begin + window, ids.length);
        throwIfAborted(signal);
        await nextTask();
        throwIfAborted(signal);
        const batch = raggedBatch([ids.subarray(begin, end - 1)]);
        total += await sumOf(parts, adapters, batch, attendWhole, ids.subarray(begin + 1, end), done - begin - 1);
        tokens += end - done;
        done = end;
      }
  } finally {
    if (!parts.graph.gone) adapters.release(parts.graph);
  }
  if (tokens === 0)
    throw new ConfigError("perplexity: no text has two tokens: the first has none that could tell it", {
      op: "perplexity",
      option: "texts",
    });
  const loss = total / tokens;
  return { perplexity: exp(loss), loss, tokens };
}

/** Logits for the token after each token, `[tokens, vocabulary]`, on the host. Linear memory holds those of a few rows at a time. */
export async function logitsOf(
  { graph, model }: Pick<LanguageModelParts, "graph" | "model">,
  adapters: CallAdapters,
  ids: Int32Array,
): Promise<Tensor> {
  const { vocabularySize } = model.config;
  const data = new Float32Array(ids.length * vocabularySize);
  const batch = raggedBatch([ids]);
  const most = rowsAtOnce(model.config);
  const gathered = new Gathered(graph, data);
  inferring(graph, () => {
    const selection = adapters.selection([0], batch.offsets);
    const hidden = model.infer(batch, selection);
    for (let start = 0; start < ids.length; start += most)
      graph.step(() => {
        const rows = graph.slice(hidden, { dim: 0, start, end: Math.min(start + most, ids.length) });
        gathered.set(model.logits(rows, selection), start * vocabularySize);
      });
  });
  await gathered.end();
  return { shape: [ids.length, vocabularySize], data };
}

/** Options of `logits` and `score`. */
export interface LogitsOptions {
  /** Name of the adapter to apply, null for the base alone; default: the active one. */
  readonly adapter?: AdapterChoice;
  /** Cancels between two chunks: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}
