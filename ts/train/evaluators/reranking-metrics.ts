import { isRecord, listFrom } from "../../arguments/collections.js";
import { or, readOptions } from "../../arguments/options.js";
import { flag, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { averagePrecision } from "./average-precision.js";
import { mean, sum } from "./number-lists.js";
import { type RerankingSample, takeSample } from "./reranking-sample.js";
import { discountOf } from "./retrieval-metrics.js";

export type { RerankingSample } from "./reranking-sample.js";

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
