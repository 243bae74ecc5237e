import { flag, isRecord, listFrom, namesFrom, unexpected, whole } from "../../arguments/settings.js";
import { or, readOptions } from "../../arguments/options.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { averagePrecision } from "./binary-metrics.js";
import { binaryList, finiteNumbers, mean, type NumberList, sameLength, sum } from "./number-lists.js";
import { discountOf } from "./retrieval-metrics.js";

/**
 * Documents of one query: scores with whether each document is relevant; or names of the positives with the other documents (`negative`) or a first
 * ranking (`documents`), and a score for each name.
 */
export type RerankingSample =
  | { readonly scores: NumberList; readonly relevant: ArrayLike<number | boolean> }
  | (NamedDocuments & {
      readonly scores: ReadonlyMap<string, number> | Readonly<Record<string, number>> | NumberList;
    });

interface NamedDocuments {
  /** The query; not read. */
  readonly query?: string | undefined;
  readonly positive: string | readonly string[];
  readonly negative?: readonly string[] | undefined;
  readonly documents?: readonly string[] | undefined;
}

interface Taken {
  /** How many positives there are, ranked or not. */
  readonly positives: number;
  readonly relevant: number[];
  readonly scores: number[];
  /** Whether each document of the first ranking is relevant, lost positives at the end. */
  readonly base?: number[];
}

/** Which documents of a sample are ranked, with their scores. */
function takeSample(
  what: string,
  place: number,
  sample: Readonly<Record<string, unknown>>,
  alwaysRerankPositives: boolean,
): Taken {
  const at = (name: string) => `samples[${place}].${name}`;
  if (sample["relevant"] !== undefined) {
    const scores = finiteNumbers(what, at("scores"), sample["scores"]);
    const relevant = binaryList(what, at("relevant"), sample["relevant"]);
    sameLength(what, at("scores"), "marks of relevance", [scores.length, relevant.length]);
    return { positives: sum(relevant), scores, relevant };
  }
  const names = (name: string) => namesFrom(`${what}: ${at(name)} is a list of names`, sample[name]);
  const positive = typeof sample["positive"] === "string" ? [sample["positive"]] : names("positive");
  if (sample["documents"] === undefined) {
    const negative = names("negative");
    const docs = [...positive, ...negative];
    const relevant = docs.map((_, i) => (i < positive.length ? 1 : 0));
    return { positives: positive.length, relevant, scores: scoresOf(what, at("scores"), sample["scores"], docs) };
  }
  const documents = names("documents");
  const isPositive = new Set(positive);
  const ranked = documents.map((document) => (isPositive.has(document) ? 1 : 0));
  const hits = ranked.filter((one) => one === 1).length;
  // A ranking without any positive counts 0, whatever could be added to it.
  // One that repeats a positive may hold more than there are.
  const lost = Math.max(0, positive.length - hits);
  const base = hits === 0 ? ranked : [...ranked, ...new Array<number>(lost).fill(1)];
  const docs = alwaysRerankPositives
    ? [...positive, ...documents.filter((document) => !isPositive.has(document))]
    : documents;
  const relevant = docs.map((document) => (isPositive.has(document) ? 1 : 0));
  return { positives: positive.length, base, relevant, scores: scoresOf(what, at("scores"), sample["scores"], docs) };
}

function scoresOf(what: string, name: string, given: unknown, docs: readonly string[]): number[] {
  if (!(given instanceof Map) && !isRecord(given)) {
    const scores = finiteNumbers(what, name, given);
    sameLength(what, "documents", name, [docs.length, scores.length]);
    return scores;
  }
  return docs.map((document) => {
    const score: unknown =
      given instanceof Map ? given.get(document) : Object.hasOwn(given, document) ? given[document] : undefined;
    if (score === undefined) {
      const message = `${what}: ${name} has no score of ${excerpt(document)}`;
      throw new ConfigError(message, { op: what, option: "scores", value: document });
    }
    if (typeof score === "number" && Number.isFinite(score)) return score;
    throw unexpected(what, name, "finite numbers", score);
  });
}

/** Options of `rerankingMetrics`. */
export interface RerankingOptions {
  /** First documents that count for MRR and NDCG; default 10. */
  readonly k?: number | undefined;
  /** Whether positives that the first ranking (`documents`) lost are reranked too; default true. */
  readonly alwaysRerankPositives?: boolean | undefined;
}

/**
 * Metrics of reranked documents, the means over samples, as sentence-transformers' CrossEncoderRerankingEvaluator and RerankingEvaluator
 * have them:
 *
 * - `map`: average precision over all documents; equal scores are taken together
 * - `mrr@k`: 1 / rank of the first positive, 0 if it is beyond k; among equal scores positives are last
 * - `ndcg@k`: Σ of 1 / log2(rank + 1) over positives among the first k, divided by the largest possible sum; equal scores share their
 *   discounts evenly
 *
 * For samples with `documents`, a first ranking, there are also `base_map`, `base_mrr@k` and `base_ndcg@k` of that ranking, with lost positives at
 * its end.
 *
 * Samples without positives do not count. One whose first ranking holds none of its positives counts 0, unless they are reranked too.
 *
 * Throws `ConfigError` for no samples, missing scores and scores that are not finite.
 */
export function rerankingMetrics(
  samples: readonly RerankingSample[],
  options: RerankingOptions = {},
): Record<string, number> {
  const what = "rerankingMetrics";
  const { k, alwaysRerankPositives } = readOptions(what, options, {
    k: or(10, whole, 1),
    alwaysRerankPositives: or(true, flag),
  });
  const taken = listFrom(`${what}: samples are a list`, samples, (sample, place) => {
    if (!isRecord(sample)) throw unexpected(what, "samples", "a list of samples", sample, undefined, { place });
    return takeSample(what, place, sample, alwaysRerankPositives);
  });
  const kept = taken.filter(({ positives }) => positives > 0);
  if (kept.length === 0) {
    throw new ConfigError(`${what}: no sample has a positive`, { op: what, option: "samples", length: 0 });
  }
  const base = kept.flatMap(({ base }) => (base === undefined ? [] : [base]));
  const baseScores = base.map((relevant) => ({ relevant, scores: relevant.map((_, place) => -place) }));
  return {
    ...named("", k, kept),
    ...(base.length > 0 && named("base_", k, baseScores)),
  };
}

interface Scored {
  readonly relevant: readonly number[];
  readonly scores: readonly number[];
}

function named(prefix: string, k: number, samples: readonly Scored[]): Record<string, number> {
  const of = (measure: (sample: Scored) => number) =>
    mean(samples.map((sample) => (sum(sample.relevant) === 0 ? 0 : measure(sample))));
  return {
    [`${prefix}map`]: of(({ relevant, scores }) => averagePrecision(relevant, scores)),
    [`${prefix}mrr@${k}`]: of((sample) => reciprocalRank(sample, k)),
    [`${prefix}ndcg@${k}`]: of((sample) => ndcg(sample, k)),
  };
}

function reciprocalRank({ relevant, scores }: Scored, k: number): number {
  const best = scores.reduce((most, score, i) => (relevant[i] === 1 ? Math.max(most, score) : most), -Infinity);
  const rank = scores.filter((score, i) => score > best || (score === best && relevant[i] === 0)).length + 1;
  return rank <= k ? 1 / rank : 0;
}

function ndcg({ relevant, scores }: Scored, k: number): number {
  const order = scores.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
  const discount = (rank: number) => (rank <= k ? discountOf(rank) : 0);
  let gained = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let [gain, discounts] = [0, 0];
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      gain += relevant[order[end]!]!;
      discounts += discount(end + 1);
    }
    gained += (gain / (end - start)) * discounts;
    start = end;
  }
  let ideal = 0;
  for (let rank = 1; rank <= sum(relevant); rank++) ideal += discount(rank);
  return gained / ideal;
}
