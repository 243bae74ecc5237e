import { optional, or } from "../../arguments/options.js";
import { isRecord, positive, unexpected, whole } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { formatShape, sameShape } from "../../values/tensor.js";
import { flagOr, hostNumbers, numberPerRow, readLossOptions, similarity, unused } from "./loss-options.js";
import { constant, COSINE, DROPPED, rowSimilarity, times } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";
import { filled } from "./multiple-negatives.js";

/** Softmax (NLI): cross entropy of Linear(u, v, |u − v|, u·v), of these parts those that the options keep. */
export const softmax: LossPlan = (call) => {
  const options = readLossOptions(
    call,
    {
      numLabels: optional((what, name, value: unknown) => whole(what, name, value, 1)),
      embeddingDimension: unused,
      concatenationSentRep: flagOr(true),
      concatenationSentDifference: flagOr(true),
      concatenationSentMultiplication: flagOr(false),
    },
    ["head"],
  );
  checkColumns(call, "text, text", 2);
  const { graph, what, rows, width } = call;
  const parts =
    (options.concatenationSentRep ? 2 : 0) +
    (options.concatenationSentDifference ? 1 : 0) +
    (options.concatenationSentMultiplication ? 1 : 0);
  const head = headOf(call, parts * width, options.numLabels);
  const labels = numberPerRow(what, "labels", labelsOf(call), rows).map((label, row) =>
    whole(what, `labels[${row}]`, label, 0, head.labels - 1),
  );
  return ([u, v]) => {
    const features: NodeId[] = [];
    if (options.concatenationSentRep) features.push(u!, v!);
    if (options.concatenationSentDifference) features.push(graph.abs(graph.sub(u!, v!)));
    if (options.concatenationSentMultiplication) features.push(graph.mul(u!, v!));
    const joined = features.length === 1 ? features[0]! : graph.concat(features, 1);
    return graph.crossEntropy(head.logits(joined), labels);
  };
};

/** The linear layer in the option `head`: `{ weight, bias }`, nodes or numbers, weight `[features, labels]` or `[labels, features]`. */
function headOf({ what, graph, options }: LossCall, features: number, numLabels: number | undefined) {
  const given = options["head"];
  const weight = isRecord(given) ? given["weight"] : undefined;
  if (!isRecord(given) || weight === undefined) {
    throw unexpected(what, "head", "{ weight, bias }, the linear layer that this loss trains", given);
  }
  const bias = given["bias"] ?? undefined;
  const [w, b] = [layerPart(what, graph, "head.weight", weight), layerPart(what, graph, "head.bias", bias)];
  const { shape } = w!;
  const labels = numLabels ?? (shape[0] === features ? shape[1] : shape[0])!;
  const isOurs = sameShape(shape, [features, labels]);
  if (features === 0 || (!isOurs && !sameShape(shape, [labels, features]))) {
    const count = numLabels ?? "labels";
    const expected = `[${features}, ${count}] or [${count}, ${features}]`;
    const message = `${what}: head.weight must be ${expected}, got ${formatShape(shape)}`;
    throw new ShapeError(message, { op: what, option: "head", expected, actual: shape });
  }
  const biasShape = b?.shape ?? [labels];
  if (!sameShape(biasShape, [labels])) {
    const message = `${what}: head.bias must be [${labels}], got ${formatShape(biasShape)}`;
    throw new ShapeError(message, { op: what, option: "head", expected: [labels], actual: biasShape });
  }
  return {
    labels,
    logits(x: NodeId): NodeId {
      const product = graph.matmul(x, w!.node(), { transposeB: !isOurs });
      return b === undefined ? product : graph.add(product, b.node());
    },
  };
}

/** A node or numbers, read once; undefined for none. */
function layerPart(what: string, graph: Graph, name: string, given: unknown) {
  if (given === undefined) return undefined;
  if (typeof given === "number") return { shape: graph.shape(given as NodeId), node: () => given as NodeId };
  const { shape, data } = hostNumbers(what, name, given);
  return { shape, node: () => constant(graph, shape, data) };
}

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
