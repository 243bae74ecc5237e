import { log } from "../../values/elementary.js";
import type { Lists } from "./list-losses.js";

/** How a pair of documents is weighted; the names are those of sentence-transformers' classes. */
export type WeightingScheme = "none" | "ndcg-loss1" | "ndcg-loss2" | "lambda-rank" | "ndcg-loss2++";

interface Settings {
  readonly weightingScheme: WeightingScheme;
  readonly mu: number;
  readonly k: number | undefined;
  readonly eps: number;
}

/** log2(1 + rank) */
const discount = (rank: number) => log(1 + rank) / Math.LN2;

/** Pairs of documents of one query, the first graded higher, as places among all logits, and their weights. */
export function rankedPairs(lists: Lists, logits: Float32Array, { weightingScheme, mu, k, eps }: Settings) {
  const [better, worse, weights]: [number[], number[], number[]] = [[], [], []];
  // The ranks beyond which pairs are left out count by the longest list.
  const cut = k ?? lists.grades.reduce((most, { length }) => Math.max(most, length), 0);
  lists.grades.forEach((grades, query) => {
    const start = lists.starts[query]!;
    const order = grades.map((_, place) => place);
    order.sort((a, b) => logits[start + b]! - logits[start + a]!);
    const gainOf = (grade: number) => 2 ** Math.max(grade, 0) - 1;
    const ideal = [...grades].sort((a, b) => b - a).slice(0, cut);
    const best = Math.max(
      eps,
      ideal.reduce((sum, grade, place) => sum + gainOf(grade) / discount(place + 1), 0),
    );
    const gains = order.map((place) => gainOf(grades[place]!) / best);
    const weightOf = (i: number, j: number): number => {
      if (weightingScheme === "none") return 1;
      if (weightingScheme === "ndcg-loss1") return gains[i]! / discount(i + 1);
      const apart = Math.abs(i - j);
      const gap = Math.abs(gains[i]! - gains[j]!);
      const byDistance = apart === 0 ? 0 : Math.abs(1 / discount(apart) - 1 / discount(apart + 1)) * gap;
      const byRank = Math.abs(1 / discount(i + 1) - 1 / discount(j + 1)) * gap;
      if (weightingScheme === "ndcg-loss2") return byDistance;
      return weightingScheme === "lambda-rank" ? byRank : mu * byDistance + byRank;
    };
    order.forEach((first, i) => {
      order.forEach((second, j) => {
        // Each document is a pair with every other in NDCGLoss1, itself too.
        const counts = weightingScheme === "ndcg-loss1" || grades[first]! > grades[second]!;
        if (!counts || (i >= cut && j >= cut)) return;
        better.push(start + first);
        worse.push(start + second);
        weights.push(weightOf(i, j));
      });
    });
  });
  return { better, worse, weights };
}
