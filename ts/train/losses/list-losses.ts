import { optional, or } from "../../arguments/options.js";
import { nonNegative, positive, unexpected, whole } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { exp, log } from "../../values/elementary.js";
import { activation, flagOr, numberLists, readLossOptions, unused, word } from "./loss-options.js";
import { activated } from "./logit-losses.js";
import { constant, DROPPED, hostLogSoftmax, logSigmoids, pick, times, valuesOf, weightedSum } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";

/** Options of all losses of lists. */
const listReaders = { activationFn: activation("identity"), miniBatchSize: unused };

/** Documents of the queries: their grades, and where each query's logits begin in the one column. */
interface Lists {
  readonly grades: readonly (readonly number[])[];
  readonly starts: readonly number[];
  readonly total: number;
}

/** Checks logits `[documents]`, query by query, against lists of grades. */
function takeLists(call: LossCall): Lists {
  checkColumns(call, "logits, query by query", 1);
  const { what, rows, width } = call;
  const grades = numberLists(what, "labels", labelsOf(call));
  const starts: number[] = [];
  let total = 0;
  for (const list of grades) {
    starts.push(total);
    total += list.length;
  }
  if (rows === total && width === 1) return { grades, starts, total };
  const message = `${what}: expected a logit for each of ${total} labels, got [${rows}, ${width}]`;
  throw new ShapeError(message, { op: what, option: "columns", expected: [total, 1], actual: [rows, width] });
}

/** The elements of each row, places in `logits` `[total]`, as a matrix; shorter rows end in logits without weight. */
function arranged(graph: Graph, logits: NodeId, total: number, rows: readonly (readonly number[])[]) {
  const width = rows.reduce((most, { length }) => Math.max(most, length), 0);
  const padded = graph.concat([logits, constant(graph, [1], [DROPPED])], 0);
  const indices = rows.flatMap((row) => [...row, ...new Array<number>(width - row.length).fill(total)]);
  return { width, matrix: graph.reshape(pick(graph, padded, indices), [rows.length, width]) };
}

const placesOf = ({ grades, starts }: Lists) =>
  grades.map((list, query) => list.map((_, place) => starts[query]! + place));

/** ListNet: mean over queries of −Σ softmax(grades)·log softmax(logits). */
export const listNet: LossPlan = (call) => {
  const { activationFn } = readLossOptions(call, listReaders);
  const lists = takeLists(call);
  const { graph } = call;
  const queries = lists.grades.length;
  return ([column]) => {
    const logits = graph.reshape(activated(graph, column!, activationFn), [lists.total]);
    const { width, matrix } = arranged(graph, logits, lists.total, placesOf(lists));
    const shares = lists.grades.flatMap((list) => {
      const wanted = hostLogSoftmax(list).map((value) => -exp(value) / queries);
      return [...wanted, ...new Array<number>(width - list.length).fill(0)];
    });
    return weightedSum(graph, graph.logSoftmax(matrix), [queries, width], shares);
  };
};

/**
 * ListMLE: mean over queries of −log of the probability of the given order, the product over places of e^logit / Σ e^logit of what is
 * left. With `weighted`, ListMLE by places: weights 2^(n − rank) − 1, divided by their sum.
 */
export const listMle =
  (weighted: boolean): LossPlan =>
  (call) => {
    const { activationFn, respectInputOrder } = readLossOptions(call, {
      ...listReaders,
      respectInputOrder: flagOr(true),
    });
    const lists = takeLists(call);
    const { graph } = call;
    const orders = placesOf(lists).map((places, query) => {
      if (respectInputOrder) return places;
      const grades = lists.grades[query]!;
      const start = lists.starts[query]!;
      return [...places].sort((a, b) => grades[b - start]! - grades[a - start]!);
    });
    const rows = orders.flatMap((order) => order.map((_, place) => order.slice(place)));
    const factors = orders.flatMap(({ length }) => placeWeights(length, weighted).map((each) => each / orders.length));
    return ([column]) => {
      const logits = graph.reshape(activated(graph, column!, activationFn), [lists.total]);
      const { matrix } = arranged(graph, logits, lists.total, rows);
      const losses = graph.crossEntropy(matrix, new Array<number>(rows.length).fill(0), { reduction: "none" });
      return weightedSum(graph, losses, [rows.length], factors);
    };
  };

function placeWeights(length: number, weighted: boolean): number[] {
  if (!weighted) return new Array<number>(length).fill(1);
  // Scaled down where float32 would overflow, as sentence-transformers does; the quotients do not change.
  const scale = Math.max(0, length - 127);
  const weights = Array.from({ length }, (_, place) => 2 ** (length - 1 - place - scale) - 2 ** -scale);
  const sum = weights.reduce((total, weight) => total + weight, 0) + 1e-10;
  return weights.map((weight) => weight / sum);
}

/** ADR-MSE: mean over documents of (rank − approximate rank)² / log2(rank + 1); the approximation sums σ(alpha·differences). */
export const adrMse: LossPlan = (call) => {
  const { activationFn, alpha } = readLossOptions(call, { ...listReaders, alpha: or(1, positive) });
  const lists = takeLists(call);
  const { graph } = call;
  const { total } = lists;
  const ranks = lists.grades.flatMap((list) =>
    list.map((own) => {
      const [greater, equal] = [
        list.filter((grade) => grade > own).length,
        list.filter((grade) => grade === own).length,
      ];
      return greater + (equal + 1) / 2;
    }),
  );
  const places = placesOf(lists);
  const rows = places.flatMap((list) => list.map(() => list));
  return ([column]) => {
    const logits = graph.reshape(activated(graph, column!, activationFn), [total]);
    const { matrix } = arranged(graph, logits, total, rows);
    const differences = graph.sub(matrix, graph.reshape(logits, [total, 1]));
    const shares = graph.sigmoid(graph.mul(differences, constant(graph, [], [alpha])));
    const rest = ranks.map((rank) => rank - 0.5);
    const errors = graph.sub(graph.sum(shares, { dim: 1 }), constant(graph, [total], rest));
    const factors = ranks.map((rank) => Math.LN2 / log(rank + 1) / total);
    return weightedSum(graph, graph.square(errors), [total], factors);
  };
};

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
