import { or } from "../../arguments/options.js";
import { positive } from "../../arguments/settings.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { numberPerRow } from "./host-numbers.js";
import { readLossOptions, similarity, unused } from "./loss-options.js";
import { constant, COSINE, DROPPED, rowSimilarity, times } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossPlan } from "./loss-plan.js";
import { filled } from "./multiple-negatives.js";

/** Cosine similarity: mean (cos(u, v) − y)². */
export const cosineSimilarity: LossPlan = (call) => {
  readLossOptions(call, { lossFct: unused, cosScoreTransformation: unused });
  checkColumns(call, "text, text", 2);
  const { graph, rows, what } = call;
  const scores = numberPerRow(what, "labels", labelsOf(call), rows);
  return ([u, v]) => graph.mseLoss(rowSimilarity(graph, u!, v!, "cosine", COSINE), constant(graph, [rows], scores));
};

/** CoSENT: log(1 + Σ over pairs of rows with y_i < y_j of exp(s_i − s_j)), s the scaled cosine. */
export const cosent: LossPlan = (call) => {
  const { scale, similarityFct } = readLossOptions(call, {
    scale: or(20, positive),
    similarityFct: similarity("cosine"),
  });
  checkColumns(call, "text, text", 2);
  const { graph, rows, what } = call;
  const scores = numberPerRow(what, "labels", labelsOf(call), rows);
  return ([u, v]) => ordered(graph, times(graph, rowSimilarity(graph, u!, v!, similarityFct), scale), scores);
};

/** AnglE: CoSENT with the absolute difference of angles. More than two columns are pairs of the first with each other, of opposite labels. */
export const angle: LossPlan = (call) => {
  const { scale } = readLossOptions(call, { scale: or(20, positive) });
  checkColumns(call, "text, text, negatives…", 2, Infinity);
  const { graph, rows, columns, what } = call;
  const given = labelsOf(call);
  const own =
    given === undefined && columns > 2 ? new Array<number>(rows).fill(1) : numberPerRow(what, "labels", given, rows);
  const opposite = own.map((label) => 1 - label);
  const labels = [...own, ...new Array<number[]>(columns - 2).fill(opposite).flat()];
  return ([first, ...others]) => {
    const join = (parts: readonly NodeId[]) => (parts.length === 1 ? parts[0]! : graph.concat(parts, 0));
    const [u, v] = [join(others.map(() => first!)), join(others)];
    return ordered(graph, times(graph, angleSimilarity(graph, u, v), scale), labels);
  };
};

/** |cos + sin|: u and v as complex vectors whose real parts are the first half of the dimensions. */
function angleSimilarity(graph: Graph, u: NodeId, v: NodeId): NodeId {
  const halves = [u, v].map((x) => {
    const [, width] = graph.shape(x) as [number, number];
    const even = width % 2 === 0 ? x : graph.pad(x, { dim: 1, after: 1 });
    const unit = graph.normalize(even);
    const half = Math.ceil(width / 2);
    const part = (start: number) => graph.slice(unit, { dim: 1, start, end: start + half });
    return { unit, first: part(0), last: part(half) };
  });
  const [x, y] = halves as [(typeof halves)[0], (typeof halves)[0]];
  const sum = (terms: NodeId) => graph.sum(terms, { dim: 1 });
  const sines = sum(graph.sub(graph.mul(x.last, y.first), graph.mul(x.first, y.last)));
  return graph.abs(graph.add(sum(graph.mul(x.unit, y.unit)), sines));
}

/** log(1 + Σ over y_i < y_j of exp(s_i − s_j)) */
function ordered(graph: Graph, scores: NodeId, labels: readonly number[]): NodeId {
  const n = labels.length;
  const differences = graph.sub(graph.reshape(scores, [n, 1]), graph.reshape(scores, [1, n]));
  const mask = filled(graph, n, n, (i, j) => (labels[i]! < labels[j]! ? 0 : DROPPED));
  const flat = graph.reshape(graph.add(differences, mask), [1, n * n]);
  return graph.crossEntropy(graph.concat([constant(graph, [1, 1], [0]), flat], 1), [0]);
}
