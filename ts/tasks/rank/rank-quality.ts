import { rerankingMetrics } from "../../train/evaluators/reranking-metrics.js";
import { discountOf } from "../../train/evaluators/retrieval-metrics.js";
import { byQuery, type RankedRow } from "./read-ranked.js";

/** Metrics by name. */
export type RankMetrics = Readonly<Record<string, number>>;

type Rows = readonly Pick<RankedRow, "text" | "texts" | "labels">[];

/** Texts with a label above this one are relevant: the middle of the labels, or 0 if they are equal. */
export function relevantAbove(rows: Rows): number {
  const labels = rows.flatMap((row) => row.labels);
  const [least, most] = [labels.reduce((a, b) => Math.min(a, b)), labels.reduce((a, b) => Math.max(a, b))];
  return least === most ? 0 : (least + most) / 2;
}

/**
 * How well scores order the texts of queries, the means over queries with a relevant text: NDCG@10 with the labels as gains, as
 * scikit-learn's `ndcg_score` has it, MRR@10, and average precision.
 *
 * @param scores a score for each text of each row
 */
export function rankMetrics(rows: Rows, scores: readonly (readonly number[])[], above: number): RankMetrics {
  const queries = byQuery(rows);
  const scoresOf = byQuery(rows.map(({ text }, i) => ({ text, texts: [], labels: scores[i]! })));
  const groups = queries.map(({ labels }, i) => ({ labels, scores: scoresOf[i]!.labels }));
  const judged = groups.filter(({ labels }) => labels.some((label) => label > above));
  if (judged.length === 0) return { "ndcg@10": 0, "mrr@10": 0, map: 0 };
  const found = rerankingMetrics(
    judged.map((group) => ({ scores: group.scores, relevant: group.labels.map((label) => label > above) })),
  );
  const gains = judged.map(({ labels, scores: own }) => gradedNdcg(labels, own, 10));
  return {
    "ndcg@10": gains.reduce((sum, one) => sum + one, 0) / gains.length,
    "mrr@10": found["mrr@10"]!,
    map: found["map"]!,
  };
}

/** NDCG with labels as gains, from the least one of 0 or less; texts with equal scores share their discounts. */
function gradedNdcg(labels: readonly number[], scores: readonly number[], k: number): number {
  const least = labels.reduce((a, b) => Math.min(a, b), 0);
  const gains = labels.map((label) => label - least);
  const discount = (rank: number) => (rank <= k ? discountOf(rank) : 0);
  const order = scores.map((_, place) => place).sort((a, b) => scores[b]! - scores[a]!);
  let gained = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    let [gain, discounts] = [0, 0];
    for (; end < order.length && scores[order[end]!] === scores[order[start]!]; end++) {
      gain += gains[order[end]!]!;
      discounts += discount(end + 1);
    }
    gained += (gain / (end - start)) * discounts;
    start = end;
  }
  const ideal = gains.sort((a, b) => b - a).reduce((sum, gain, i) => sum + gain * discount(i + 1), 0);
  return ideal === 0 ? 0 : gained / ideal;
}
