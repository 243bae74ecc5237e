import { or } from "../../arguments/options.js";
import { finite, share, whole } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { numberPerRow } from "./host-numbers.js";
import { distance, type Distance, flagOr, readLossOptions } from "./loss-options.js";
import { below, COSINE, constant, rowDistance, times, valuesOf, weightedSum } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossPlan } from "./loss-plan.js";

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
