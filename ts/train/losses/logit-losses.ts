import { optional, or, type Read } from "../../arguments/options.js";
import { nonNegative, positive, share, unexpected, whole } from "../../arguments/settings.js";
import { ShapeError } from "../../errors/errors.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { formatShape } from "../../values/tensor.js";
import { marginLoss, marginsOf } from "./distillation.js";
import { type Activation, activation, hostNumbers, numbersPerRow, readLossOptions, unused } from "./loss-options.js";
import { constant, logSigmoids, times, weightedSum } from "./loss-parts.js";
import { checkColumns, labelsOf, type LossCall, type LossPlan } from "./loss-plan.js";

/** Weights from 0, one or as many as there are labels. */
const weights: Read<readonly number[] | undefined> = (what, name, value) => {
  if (value === undefined) return undefined;
  const list = typeof value === "number" ? [value] : Array.from(hostNumbers(what, name, value).data);
  return list.map((weight, place) => nonNegative(what, `${name}[${place}]`, weight));
};

/** Applies an activation to logits. */
export const activated = (graph: Graph, logits: NodeId, kind: Activation) =>
  kind === "sigmoid" ? graph.sigmoid(logits) : logits;

/** Throws `ConfigError` unless there is one logit a row. */
function oneLogit({ what, width }: LossCall): void {
  if (width !== 1) throw unexpected(what, "columns", "one logit a row, for this loss", `${width} a row`);
}

/** Binary cross entropy with logits, the mean over rows and labels: −posWeight·y·log σ(z) − (1 − y)·log σ(−z). */
export const binaryCrossEntropy: LossPlan = (call) => {
  const { activationFn, posWeight } = readLossOptions(call, {
    activationFn: activation("identity"),
    posWeight: weights,
  });
  checkColumns(call, "logits", 1);
  const { graph, what, rows, width } = call;
  const { data } = numbersPerRow(what, "labels", labelsOf(call), rows, [width]);
  if (posWeight !== undefined && posWeight.length !== 1 && posWeight.length !== width) {
    const details = { op: what, option: "posWeight", expected: [width], actual: [posWeight.length] };
    const message = `${what}: posWeight must be one number or [${width}], one a label, got ${formatShape([posWeight.length])}`;
    throw new ShapeError(message, details);
  }
  const size = rows * width;
  const factors = data.flatMap((y, place) => {
    const weight = posWeight === undefined ? 1 : posWeight[posWeight.length === 1 ? 0 : place % width]!;
    return [(-weight * y) / size, (y - 1) / size];
  });
  return ([logits]) => {
    const flat = graph.reshape(activated(graph, logits!, activationFn), [size]);
    return weightedSum(graph, logSigmoids(graph, flat, size), [size, 2], factors);
  };
};

/** Cross entropy of class logits, with label smoothing and class weights as torch's. */
export const crossEntropy: LossPlan = (call) => {
  const { activationFn, labelSmoothing, weight } = readLossOptions(call, {
    activationFn: activation("identity"),
    labelSmoothing: or(0, share),
    weight: weights,
  });
  checkColumns(call, "logits", 1);
  const { graph, what, rows, width } = call;
  if (weight !== undefined && weight.length !== width) {
    const details = { op: what, option: "weight", expected: [width], actual: [weight.length] };
    throw new ShapeError(
      `${what}: weight must be [${width}], one a class, got ${formatShape([weight.length])}`,
      details,
    );
  }
  const { data } = numbersPerRow(what, "labels", labelsOf(call), rows, [1]);
  const targets = data.map((label, row) => whole(what, `labels[${row}]`, label, 0, width - 1));
  return ([logits]) => graph.crossEntropy(activated(graph, logits!, activationFn), targets, { labelSmoothing, weight });
};

/** Mean squared error of logits. */
export const logitMse: LossPlan = (call) => {
  const { activationFn } = readLossOptions(call, { activationFn: activation("identity") });
  checkColumns(call, "logits", 1);
  const { graph, what, rows, width } = call;
  const { data } = numbersPerRow(what, "labels", labelsOf(call), rows, [width]);
  return ([logits]) => graph.mseLoss(activated(graph, logits!, activationFn), constant(graph, [rows, width], data));
};

/** MarginMSE on logits: mean (positive − negative − y)². Columns positive, negatives…, or one with all, positives first. */
export const logitMarginMse: LossPlan = (call) => {
  const { activationFn } = readLossOptions(call, { activationFn: activation("identity") }, ["teacher"]);
  oneLogit(call);
  const { graph, what } = call;
  const labels = hostNumbers(what, "labels", call.options["teacher"] ?? labelsOf(call));
  const { count, rows, split } = splitColumns(call, labels.shape[0] ?? 0);
  checkColumns({ ...call, columns: count }, "positive, negatives…", 2, Infinity);
  const margins = marginsOf({ ...call, rows }, count - 1);
  return (columns) => {
    const scores = split(columns).map((column) => activated(graph, column, activationFn));
    return marginLoss(graph, scores, rows, margins);
  };
};

/** Multiple negatives ranking on logits: cross entropy of scale·σ(logit), the positive first. Columns as of `logitMarginMse`. */
export const logitMultipleNegatives: LossPlan = (call) => {
  const { scale, activationFn, batchSize } = readLossOptions(call, {
    scale: or(10, positive),
    activationFn: activation("sigmoid"),
    batchSize: optional((what, name, value: unknown) => whole(what, name, value, 1)),
    numNegatives: unused,
    miniBatchSize: unused,
    showProgressBar: unused,
  });
  oneLogit(call);
  if (call.columns === 1 && batchSize === undefined) {
    throw unexpected(call.what, "batchSize", "the number of queries, for logits in one column", undefined);
  }
  const { graph } = call;
  const { count, rows, split } = splitColumns(call, batchSize ?? call.rows);
  return (columns) => {
    const parts = split(columns).map((column) => graph.reshape(column, [rows, 1]));
    const joined = count === 1 ? parts[0]! : graph.concat(parts, 1);
    const scores = times(graph, activated(graph, joined, activationFn), scale);
    return graph.crossEntropy(scores, new Array<number>(rows).fill(0));
  };
};

/** Columns `[rows]` of logits, given each by itself or one after the other in one column. */
function splitColumns(call: LossCall, rows: number) {
  const { graph, what, columns, rows: given } = call;
  const count = columns > 1 ? columns : given / rows;
  if (rows === 0 || !Number.isInteger(count) || (columns > 1 && given !== rows)) {
    const message = `${what}: ${given} logits a column are not those of ${rows} queries`;
    throw new ShapeError(message, { op: what, option: "columns", expected: rows, actual: given });
  }
  const split = (nodes: readonly NodeId[]): NodeId[] => {
    const flat = nodes.map((node) => graph.reshape(node, [given]));
    if (columns > 1 || count === 1) return flat;
    return Array.from({ length: count }, (_, part) =>
      graph.slice(flat[0]!, { dim: 0, start: part * rows, end: (part + 1) * rows }),
    );
  };
  return { count, rows, split };
}
