import { or } from "../../arguments/options.js";
import { positive } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { exp, log } from "../../values/elementary.js";
import { numberLists } from "./host-numbers.js";
import { activated } from "./logit-losses.js";
import { activation, flagOr, readLossOptions, unused } from "./loss-options.js";
import { constant, DROPPED, hostLogSoftmax, pick, weightedSum } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";

/** Options of all losses of lists. */
export const listReaders = { activationFn: activation("identity"), miniBatchSize: unused };

/** Documents of the queries: their grades, and where each query's logits begin in the one column. */
export interface Lists {
  readonly grades: readonly (readonly number[])[];
  readonly starts: readonly number[];
  readonly total: number;
}

/** Checks logits `[documents]`, query by query, against lists of grades. */
export function takeLists(call: LossCall): Lists {
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
