import { or } from "../../arguments/options.js";
import { finite, share, whole } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { distance, type Distance, flagOr, numberPerRow, readLossOptions } from "./loss-options.js";
import {
  below,
  constant,
  COSINE,
  logSigmoids,
  pick,
  plus,
  products,
  root,
  rowDistance,
  times,
  upTo,
  valuesOf,
  weightedSum,
} from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";

/** What torch.nn.functional.pairwise_distance adds to each difference. */
const SHIFT = 1e-6;

const distances = (graph: Graph, [u, v]: readonly NodeId[], kind: Distance) =>
  rowDistance(graph, u!, v!, kind, { shift: SHIFT, eps: COSINE });

/** Triplet: mean max(0, d(anchor, positive) − d(anchor, negative) + margin). */
export const triplet: LossPlan = (call) => {
  const { distanceMetric, tripletMargin, margin } = readLossOptions(call, {
    distanceMetric: distance("euclidean"),
    tripletMargin: or(5, finite),
    margin: or<number | undefined, []>(undefined, finite),
  });
  checkColumns(call, "anchor, positive, negative", 3);
  const { graph } = call;
  return ([anchor, positive, negative]) => {
    const [near, far] = [positive!, negative!].map((other) => rowDistance(graph, anchor!, other, distanceMetric));
    return graph.mean(below(graph, margin ?? tripletMargin, graph.sub(far!, near!)));
  };
};

/** Contrastive: mean ½·(y·d² + (1 − y)·max(0, margin − d)²). */
export const contrastive: LossPlan = (call) => {
  const { distanceMetric, margin, sizeAverage } = readLossOptions(call, {
    distanceMetric: distance("cosine"),
    margin: or(0.5, finite),
    sizeAverage: flagOr(true),
  });
  checkColumns(call, "text, text", 2);
  const { graph, rows, what } = call;
  const labels = numberPerRow(what, "labels", labelsOf(call), rows).map((label, row) =>
    share(what, `labels[${row}]`, label),
  );
  return (columns) => {
    const d = distances(graph, columns, distanceMetric);
    const near = graph.mul(graph.square(d), constant(graph, [rows], labels));
    const rest = labels.map((label) => 1 - label);
    const far = graph.mul(graph.square(below(graph, margin, d)), constant(graph, [rows], rest));
    return times(graph, graph.sum(graph.add(near, far)), 0.5 / (sizeAverage ? rows : 1));
  };
};

/**
 * Online contrastive: Σ d² of the positive pairs that are farther apart than the nearest negative pair, and Σ max(0, margin − d)² of the
 * negative pairs that are nearer than the farthest positive pair. Without pairs of the other kind, their own mean is the limit.
 */
export const onlineContrastive: LossPlan = (call) => {
  const { distanceMetric, margin } = readLossOptions(call, {
    distanceMetric: distance("cosine"),
    margin: or(0.5, finite),
  });
  checkColumns(call, "text, text", 2);
  const { graph, rows, what } = call;
  const labels = numberPerRow(what, "labels", labelsOf(call), rows).map((label, row) =>
    whole(what, `labels[${row}]`, label, 0, 1),
  );
  return (columns) => {
    const d = distances(graph, columns, distanceMetric);
    const values = valuesOf(graph, d);
    const of = (label: number) => Array.from(values).filter((_, row) => labels[row] === label);
    const [negatives, positives] = [of(0), of(1)];
    const mean = (list: readonly number[]) => Math.fround(list.reduce((sum, x) => sum + x, 0) / list.length);
    const least = negatives.length > 0 ? extreme(negatives, Math.min) : mean(positives);
    const greatest = positives.length > 0 ? extreme(positives, Math.max) : mean(negatives);
    // Negated, so that pairs of distance NaN stay.
    const near = labels.map((label, row) => (label === 1 && !(values[row]! <= least) ? 1 : 0));
    const far = labels.map((label, row) => (label === 0 && !(values[row]! >= greatest) ? 1 : 0));
    return graph.add(
      weightedSum(graph, graph.square(d), [rows], near),
      weightedSum(graph, graph.square(below(graph, margin, d)), [rows], far),
    );
  };
};

/** The least or greatest of a list, NaN where one is. */
const extreme = (list: readonly number[], of: (a: number, b: number) => number) => list.reduce((a, b) => of(a, b));

/** A loss of the distances between all rows of one column, by their labels. */
function ofDistances(
  takesMargin: boolean,
  loss: (call: LossCall, flat: NodeId, values: Float32Array, labels: readonly number[], margin: number) => NodeId,
): LossPlan {
  return (call) => {
    const { distanceMetric, margin } = readLossOptions(call, {
      distanceMetric: distance("euclidean"),
      ...(takesMargin && { tripletMargin: or<number | undefined, []>(undefined, finite) }),
      margin: takesMargin ? or(5, finite) : () => 0,
    });
    checkColumns(call, "text", 1);
    const { graph, rows, what, options } = call;
    const labels = numberPerRow(what, "labels", labelsOf(call), rows);
    const given = (options["tripletMargin"] as number | undefined) ?? margin;
    return ([column]) => {
      const flat = batchDistances(graph, column!, rows, distanceMetric);
      return loss(call, flat, valuesOf(graph, flat), labels, given);
    };
  };
}

/**
 * Distances between all rows, row-major `[n·n]`: √max(0, aa − 2ab + bb), 0 without a gradient where that is 0; or 1 − cosine.
 */
function batchDistances(graph: Graph, x: NodeId, n: number, kind: "euclidean" | "cosine" | "manhattan"): NodeId {
  if (kind === "cosine") {
    const unit = graph.normalize(x);
    return graph.reshape(plus(graph, graph.neg(products(graph, unit, unit)), 1), [n * n]);
  }
  const [, width] = graph.shape(x) as [number, number];
  if (kind === "manhattan") {
    const differences = graph.sub(graph.reshape(x, [n, 1, width]), graph.reshape(x, [1, n, width]));
    return graph.reshape(graph.sum(graph.abs(differences), { dim: 2 }), [n * n]);
  }
  const dot = products(graph, x, x);
  const squares = pick(graph, graph.reshape(dot, [n * n]), upTo(n).map((row) => row * (n + 1))); // prettier-ignore
  const partial = graph.sub(graph.reshape(squares, [1, n]), times(graph, dot, 2));
  return graph.reshape(root(graph, graph.add(partial, graph.reshape(squares, [n, 1]))), [n * n]);
}

/** Distance of each row to its farthest positive, less that to its nearest negative → `[n]`. */
function hardest({ graph, rows }: LossCall, flat: NodeId, values: Float32Array, labels: readonly number[]): NodeId {
  const positives = upTo(rows).map((row) => farthestOf(values, labels, row));
  const negatives = upTo(rows).map((row) => nearest(values, labels, row));
  const at = (places: readonly (number | undefined)[]) => {
    const found = places.map((place, row) => row * rows + (place ?? row));
    const weights = places.map((place) => (place === undefined ? 0 : 1));
    return graph.mul(pick(graph, flat, found), constant(graph, [rows], weights));
  };
  // A row without a negative counts with the largest distance in it.
  const instead = negatives.map((place, row) => (place === undefined ? farthest(values, rows, row) : undefined));
  const far = instead.some((place) => place !== undefined) ? graph.add(at(negatives), at(instead)) : at(negatives);
  return graph.sub(at(positives), far);
}

/** BatchHard: mean over rows of max(0, farthest positive − nearest negative + margin). */
export const batchHardTriplet = ofDistances(true, (call, flat, values, labels, margin) =>
  call.graph.mean(call.graph.relu(plus(call.graph, hardest(call, flat, values, labels), margin))),
);

/** Batch-hard triplet loss with softplus in place of margin and max. */
export const batchHardSoftMarginTriplet = ofDistances(false, (call, flat, values, labels) => {
  const { graph, rows } = call;
  // softplus(x) = −log σ(−x)
  const logs = logSigmoids(graph, hardest(call, flat, values, labels), rows);
  return times(graph, graph.sum(graph.slice(logs, { dim: 1, start: 1 })), -1 / rows);
});

/** BatchAll: Σ max(0, d(anchor, positive) − d(anchor, negative) + margin) over all triplets / number of those above 0. */
export const batchAllTriplet = ofDistances(true, ({ graph, rows }, flat, values, labels, margin) => {
  const { count, weights } = triplets(values, labels, margin);
  // Linear in the distances once the triplets are known, so that memory does not grow with their number.
  const sum = weightedSum(graph, flat, [rows * rows], weights);
  return count === 0 ? sum : plus(graph, sum, margin);
});

/**
 * BatchSemiHard: mean over pairs of one label of max(0, d(anchor, positive) − d(anchor, negative) + margin); the negative is the nearest
 * of those farther than the positive, or else the farthest.
 */
export const batchSemiHardTriplet = ofDistances(true, ({ graph, rows }, flat, values, labels, margin) => {
  const pairs = upTo(rows * rows).filter((place) => {
    const [row, other] = [Math.floor(place / rows), place % rows];
    return row !== other && labels[row] === labels[other];
  });
  if (pairs.length === 0) return times(graph, graph.sum(flat), 0);
  const negatives = pairs.map((place) => {
    const row = Math.floor(place / rows);
    return row * rows + (nearest(values, labels, row, values[place]) ?? farthestOf(values, labels, row, false) ?? row);
  });
  const differences = graph.sub(pick(graph, flat, pairs), pick(graph, flat, negatives));
  return times(graph, graph.sum(graph.relu(plus(graph, differences, margin))), 1 / pairs.length);
});

// Which distances of a batch make its loss. `values` are distances `[n·n]`, row-major. A NaN is chosen, so that it reaches the loss.

/** Below this a triplet counts as without a loss. */
const LEAST = 1e-16;

/** The first place of the row whose distance no other's is better than. */
function choose(
  values: Float32Array,
  n: number,
  row: number,
  fits: (other: number, distance: number) => boolean,
  better: (a: number, b: number) => boolean,
): number | undefined {
  let [best, place] = [NaN, undefined as number | undefined];
  for (let other = 0; other < n; other++) {
    const value = values[row * n + other]!;
    if (Number.isNaN(value)) return other;
    if (fits(other, value) && (place === undefined || better(value, best))) [best, place] = [value, other];
  }
  return place;
}

const greater = (a: number, b: number) => a > b;
const less = (a: number, b: number) => a < b;

/** The farthest text of a row. */
function farthest(values: Float32Array, n: number, row: number): number {
  return choose(values, n, row, () => true, greater)!;
}

/** The farthest other text of a row with its label, or without it. */
function farthestOf(values: Float32Array, labels: readonly number[], row: number, same = true) {
  const fits = (other: number) => other !== row && (labels[other] === labels[row]) === same;
  return choose(values, labels.length, row, fits, greater);
}

/** The nearest text of a row with another label, of those farther than `beyond`. */
function nearest(values: Float32Array, labels: readonly number[], row: number, beyond = -Infinity) {
  const fits = (other: number, distance: number) => labels[other] !== labels[row] && distance > beyond;
  return choose(values, labels.length, row, fits, less);
}

/** How many triplets have a loss, and how often each distance is in them: as a positive's 1, as a negative's −1; divided by their number. */
function triplets(values: Float32Array, labels: readonly number[], margin: number) {
  const n = labels.length;
  const weights = new Float64Array(n * n);
  let count = 0;
  for (let row = 0; row < n; row++) {
    for (let positive = 0; positive < n; positive++) {
      if (positive === row || labels[positive] !== labels[row]) continue;
      for (let negative = 0; negative < n; negative++) {
        if (labels[negative] === labels[row]) continue;
        // Negated, so that NaN counts.
        if (values[row * n + positive]! - values[row * n + negative]! + margin <= LEAST) continue;
        weights[row * n + positive]!++;
        weights[row * n + negative]!--;
        count++;
      }
    }
  }
  return { count, weights: count === 0 ? weights : weights.map((weight) => weight / count) };
}
