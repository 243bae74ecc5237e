import { choice, optional, or, readOptions } from "../../../arguments/options.js";
import { callable, finite, flag, isRecord, listFrom, text, unexpected, whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { readSignal } from "../../../waiting/abort.js";

/** What gives vectors: a `SentenceEncoder`, or anything with such a method. */
export interface VectorSource {
  /** Vectors of texts, in order; they need not be normalised. */
  encode(
    texts: readonly string[],
    options?: { normalize?: boolean; prompt?: string; promptName?: string; signal?: AbortSignal },
  ): Promise<ArrayLike<number>[]>;
}

/** Gives a score for each pair of query and text: a `CrossEncoder`, or a function. */
export type Judge =
  | ((pairs: [string, string][]) => Promise<ArrayLike<number>> | ArrayLike<number>)
  | { predict(pairs: [string, string][]): Promise<ArrayLike<number>> | ArrayLike<number> };

/** A query with a text that answers it. */
export type MinedPair =
  readonly [query: string, answer: string] | { readonly anchor: string; readonly positive: string };

/** A mined example; which of these is decided by `outputFormat`. `scores` are there with `outputScores`. */
export type MinedExample =
  | { anchor: string; positive: string; negative: string; scores?: number[] }
  | { anchor: string; positive: string; negatives: string[]; scores?: number[] }
  | { texts: [string, string]; label: 0 | 1; score?: number }
  | { query: string; documents: string[]; labels: (0 | 1)[]; scores?: number[] };

/** Options of `mineHardNegatives`, those of sentence-transformers' `mine_hard_negatives`. */
export interface MiningOptions {
  /** Texts to search negatives in, beside the pairs' answers. */
  readonly corpus?: readonly string[] | undefined;
  /** Scores candidates and answers in place of the encoder's cosine, if there is a margin, `maxScore` or `minScore`. */
  readonly crossEncoder?: Judge | undefined;
  /** Number of best candidates to skip, of those that are left; default 0. */
  readonly rangeMin?: number | undefined;
  /**
   * Number of best candidates to consider. Default: `rangeMin` + `numNegatives` + the most answers of a query; ten times `numNegatives` if
   * candidates are left out by a margin or `maxScore`, or by the cross-encoder's `minScore`.
   */
  readonly rangeMax?: number | undefined;
  /** Candidates with a larger score are left out. */
  readonly maxScore?: number | undefined;
  /** Candidates with a smaller score are left out. */
  readonly minScore?: number | undefined;
  /** Candidates whose score plus this is larger than that of the query's worst answer are left out. */
  readonly absoluteMargin?: number | undefined;
  /** Candidates whose score is larger than p − |p|·this are left out, p the score of the query's worst answer. */
  readonly relativeMargin?: number | undefined;
  /** Negatives for each query; default 3. */
  readonly numNegatives?: number | undefined;
  /** "top" (default) takes the best candidates, "random" any of those considered. */
  readonly samplingStrategy?: "top" | "random" | undefined;
  /** Seed of "random"; default 0. */
  readonly seed?: number | undefined;
  /** Whether a query's own answers are candidates too: the ranking as it is, in the form "n-tuple". Default false. */
  readonly includePositives?: boolean | undefined;
  /**
   * "triplet" (default): an example for each answer and negative. "n-tuple": one for each answer with all negatives, of queries that have
   * as many as asked for. "labeled-pair": a pair of texts each, labelled 1 or 0. "labeled-list": a list of documents for each answer,
   * with labels.
   */
  readonly outputFormat?: "triplet" | "n-tuple" | "labeled-pair" | "labeled-list" | undefined;
  /** Whether examples carry the scores; default false. */
  readonly outputScores?: boolean | undefined;
  /** Put before each query; default: the model's prompt "query", if any. */
  readonly queryPrompt?: string | undefined;
  /** Name of one of the model's prompts, in place of `queryPrompt`. */
  readonly queryPromptName?: string | undefined;
  /** Put before each text of the corpus; default: the model's prompt "document", "passage" or "corpus", if any. */
  readonly corpusPrompt?: string | undefined;
  /** Name of one of the model's prompts, in place of `corpusPrompt`. */
  readonly corpusPromptName?: string | undefined;
  /** Cancels: rejects with `AbortError`. */
  readonly signal?: AbortSignal | undefined;
}

const number = optional<number, unknown>(finite);
const count = (least: number) => optional<number, unknown>((what, name, value) => whole(what, name, value, least));
const texts = (what: string, name: string, value: unknown) =>
  listFrom(`${what}: ${name} is a list of texts`, value, (each) => text(what, name, each));

/** Which candidates become negatives. */
const limits = {
  rangeMin: or(0, whole, 0),
  rangeMax: count(1),
  maxScore: number,
  minScore: number,
  absoluteMargin: number,
  relativeMargin: number,
  numNegatives: or(3, whole, 1),
  samplingStrategy: choice("top", "random"),
};

const readers = {
  ...limits,
  corpus: or<string[], []>([], texts),
  crossEncoder: optional<Judge, unknown>(judge),
  seed: or(0, whole, 0),
  includePositives: or(false, flag),
  outputFormat: choice("triplet", "n-tuple", "labeled-pair", "labeled-list"),
  outputScores: or(false, flag),
  queryPrompt: optional<string, unknown>(text),
  queryPromptName: optional<string, unknown>(text),
  corpusPrompt: optional<string, unknown>(text),
  corpusPromptName: optional<string, unknown>(text),
  signal: readSignal,
};

function judge(what: string, name: string, value: unknown): Judge {
  if (typeof value === "function") return value as Judge;
  if (typeof (value as { predict?: unknown } | null)?.predict === "function") return value as Judge;
  throw unexpected(what, name, "a CrossEncoder, or a function of pairs", value);
}

/** Options that say which candidates become negatives, as a run has them in its spec. */
export type MiningLimits = Pick<MiningOptions, keyof typeof limits>;

/** A run's options, complete. */
export const takeMiningLimits = (what: string, given: MiningLimits) => readOptions(what, given, limits);

/** The options, complete, and the pairs, checked. */
export function takeMining(what: string, encoder: VectorSource, pairs: readonly MinedPair[], given: MiningOptions) {
  callable(what, "encoder.encode", (encoder as VectorSource | undefined)?.encode);
  const taken = listFrom(`${what}: pairs are a list of { anchor, positive }`, pairs, (pair, place) => {
    const [query, answer]: unknown[] = Array.isArray(pair)
      ? pair
      : isRecord(pair)
        ? [pair["anchor"], pair["positive"]]
        : [];
    if (typeof query === "string" && typeof answer === "string") return [query, answer] as const;
    throw unexpected(what, "pairs", "a list of { anchor, positive }", pair, undefined, { place });
  });
  if (taken.length === 0) {
    throw new ConfigError(`${what}: there are no pairs`, { op: what, option: "pairs", length: 0 });
  }
  const options = readOptions(what, given, readers);
  const { rangeMin, numNegatives, absoluteMargin, relativeMargin, maxScore, minScore, crossEncoder } = options;
  const rows = new Map<string, number>();
  for (const [query] of taken) rows.set(query, (rows.get(query) ?? 0) + 1);
  const most = [...rows.values()].reduce((a, b) => Math.max(a, b));
  const isFiltered =
    [absoluteMargin, relativeMargin, maxScore].some((limit) => limit !== undefined) ||
    (crossEncoder !== undefined && minScore !== undefined);
  const rangeMax = options.rangeMax ?? rangeMin + numNegatives * (isFiltered ? 10 : 1) + most;
  if (numNegatives > rangeMax - rangeMin) {
    const message = `${what}: rangeMax ${rangeMax} less rangeMin ${rangeMin} must leave at least numNegatives, ${numNegatives}`;
    throw new ConfigError(message, {
      op: what,
      option: "rangeMax",
      value: rangeMax,
      expected: rangeMin + numNegatives,
    });
  }
  const outputFormat = options.includePositives ? "n-tuple" : options.outputFormat;
  return { pairs: taken, options: { ...options, outputFormat, rangeMax, most } };
}

/** The options of a call, complete. */
export type MiningSettings = ReturnType<typeof takeMining>["options"];
