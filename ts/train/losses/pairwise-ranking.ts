import { optional, or } from "../../arguments/options.js";
import { nonNegative, positive, unexpected, whole } from "../../arguments/settings.js";
import { activated } from "./logit-losses.js";
import { readLossOptions, word } from "./loss-options.js";
import { logSigmoids, pick, times, valuesOf, weightedSum } from "./loss-parts.js";
import type { LossPlan } from "./loss-plan.js";
import { type Lists, listReaders, takeLists } from "./list-losses.js";
import { rankedPairs, type WeightingScheme } from "./ranked-pairs.js";

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
