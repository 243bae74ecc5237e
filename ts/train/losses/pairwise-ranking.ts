import { optional, or } from "../../arguments/options.js";
import { nonNegative, positive, unexpected, whole } from "../../arguments/settings.js";
import { log } from "../../values/elementary.js";
import { listReaders, type Lists, takeLists } from "./list-losses.js";
import { activated } from "./logit-losses.js";
import { readLossOptions, word } from "./loss-options.js";
import { logSigmoids, pick, times, valuesOf, weightedSum } from "./loss-parts.js";
import type { LossPlan } from "./loss-plan.js";

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
function rankedPairs(lists: Lists, logits: Float32Array, { weightingScheme, mu, k, eps }: Settings) {
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

/** Largest grade whose gain, 2^grade − 1, float32 holds. */
export const GREATEST_GRADE = 127;

/** Throws `ConfigError` for grades whose gains overflow: the loss would be NaN. */
function checkGains(what: string, { grades }: Lists): void {
  grades.forEach((list, query) =>
    list.forEach((grade, place) => {
      if (grade > GREATEST_GRADE)
        throw unexpected(
          what,
          `labels[${query}][${place}]`,
          `a grade of at most ${GREATEST_GRADE}: its gain is 2^grade − 1`,
          grade,
        );
    }),
  );
}

/**
 * LambdaLoss: −Σ over pairs of documents with grade_i > grade_j of weight·log2 σ(sigma·(s_i − s_j)), divided by the number of pairs of
 * all queries; RankNet: without weights. Weights are constants, from the ranks by the present logits.
 */
export const pairwiseRanking =
  (fallback: WeightingScheme): LossPlan =>
  (call) => {
    const options = readLossOptions(call, {
      ...listReaders,
      weightingScheme: word<WeightingScheme>(fallback, {
        none: "noweightingscheme noweighting",
        "ndcg-loss1": "ndcgloss1scheme",
        "ndcg-loss2": "ndcgloss2scheme",
        "lambda-rank": "lambdarankscheme",
        "ndcg-loss2++": "ndcgloss2ppscheme ndcgloss2pp",
      }),
      mu: or(10, nonNegative),
      k: optional((what, name, value: unknown) => whole(what, name, value, 1)),
      sigma: or(1, positive),
      eps: or(1e-10, positive),
      reductionLog: word("binary", { binary: "", natural: "" }),
    });
    const lists = takeLists(call);
    if (options.weightingScheme !== "none") checkGains(call.what, lists);
    const { graph } = call;
    const { activationFn, sigma, reductionLog } = options;
    return ([column]) => {
      const logits = graph.reshape(activated(graph, column!, activationFn), [lists.total]);
      const { better, worse, weights } = rankedPairs(lists, valuesOf(graph, logits), options);
      const count = better.length;
      if (count === 0) return times(graph, graph.sum(logits), 0);
      const differences = graph.sub(pick(graph, logits, better), pick(graph, logits, worse));
      const logs = logSigmoids(graph, times(graph, differences, sigma), count);
      const factor = -1 / count / (reductionLog === "binary" ? Math.LN2 : 1);
      const factors = weights.flatMap((weight) => [weight * factor, 0]);
      return weightedSum(graph, logs, [count, 2], factors);
    };
  };
