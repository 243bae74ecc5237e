import { checkGraph, type Graph, type NodeId } from "../../graph/graph.js";
import { idList } from "../../graph/node.js";
import { wrongShape } from "../../values/tensor.js";
import type { Numbers } from "./loss-options.js";
import { adrMse, listMle, listNet, pairwiseRanking, type WeightingScheme } from "./list-losses.js";
import { binaryCrossEntropy, crossEntropy, logitMarginMse, logitMse, logitMultipleNegatives } from "./logit-losses.js";
import { columnShape, type LossCall, type LossTable, planNamed } from "./loss-plan.js";

/** Losses of `crossEncoderLoss`. */
export type CrossEncoderLossName =
  | "binary-cross-entropy"
  | "cross-entropy"
  | "mse"
  | "margin-mse"
  | "multiple-negatives-ranking"
  | "cached-multiple-negatives-ranking"
  | "list-net"
  | "list-mle"
  | "plist-mle"
  | "rank-net"
  | "lambda"
  | "adr-mse";

/** Options of `crossEncoderLoss`: what a loss does not use, it rejects. */
export interface CrossEncoderLossOptions {
  /**
   * A number or class for each row, `[n]`, or for each label of it, `[n, labels]`; for `margin-mse` differences or scores as
   * `SentenceLossOptions.labels`; for losses of lists the grades of each query's documents, a list of lists.
   */
  readonly labels?: Numbers | readonly ArrayLike<number>[] | undefined;
  /** Another name for `labels`. */
  readonly scores?: Numbers | readonly ArrayLike<number>[] | undefined;
  /** Another name for `labels` (`margin-mse`). */
  readonly teacher?: Numbers | undefined;
  /** What is applied to logits first. Default "identity"; "sigmoid" for `multiple-negatives-ranking`. */
  readonly activationFn?: "identity" | "sigmoid" | undefined;
  /** Factor of the loss of positive labels, one or one a label (`binary-cross-entropy`). Default 1. */
  readonly posWeight?: number | ArrayLike<number> | undefined;
  /** Weight of each class (`cross-entropy`). Default 1. */
  readonly weight?: ArrayLike<number> | undefined;
  /** Share of a class's probability that is spread over all (`cross-entropy`). Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Factor of activated logits (`multiple-negatives-ranking`). Default 10. */
  readonly scale?: number | undefined;
  /** Number of queries, for logits of `multiple-negatives-ranking` in one column. */
  readonly batchSize?: number | undefined;
  /** How `lambda` and `rank-net` weight pairs. Default "ndcg-loss2++" and "none". */
  readonly weightingScheme?: WeightingScheme | undefined;
  /** Factor of distances in "ndcg-loss2++". Default 10. */
  readonly mu?: number | undefined;
  /** Number of first documents of which a pair must have one to count (`lambda`, `rank-net`). Default: all. */
  readonly k?: number | undefined;
  /** Factor of differences (`lambda`, `rank-net`). Default 1. */
  readonly sigma?: number | undefined;
  /** Least ideal DCG (`lambda`). Default 1e-10. */
  readonly eps?: number | undefined;
  /** Logarithm of `lambda` and `rank-net`. Default "binary". */
  readonly reductionLog?: "binary" | "natural" | undefined;
  /** Whether `list-mle` and `plist-mle` take documents as they are ordered, not by grade. Default true. */
  readonly respectInputOrder?: boolean | undefined;
  /** Steepness of `adr-mse`'s ranks. Default 1. */
  readonly alpha?: number | undefined;
}

const table: Readonly<Record<CrossEncoderLossName, LossTable[string]>> = {
  "binary-cross-entropy": { plan: binaryCrossEntropy, aliases: ["bce", "multi-label"] },
  "cross-entropy": { plan: crossEntropy, aliases: ["ce", "label-smoothing"] },
  mse: { plan: logitMse, aliases: ["regression"] },
  "margin-mse": { plan: logitMarginMse },
  "multiple-negatives-ranking": { plan: logitMultipleNegatives, aliases: ["mnrl"] },
  "cached-multiple-negatives-ranking": { plan: logitMultipleNegatives },
  "list-net": { plan: listNet },
  "list-mle": { plan: listMle(false) },
  "plist-mle": { plan: listMle(true) },
  "rank-net": { plan: pairwiseRanking("none") },
  lambda: { plan: pairwiseRanking("ndcg-loss2++"), aliases: ["lambda-loss"] },
  "adr-mse": { plan: adrMse },
};

/**
 * Records a loss of a cross-encoder's or a head's logits, as sentence-transformers and PyTorch compute it, and returns its node, a scalar.
 *
 * @param columns logits: one node `[n]`, `[n, 1]` or `[n, labels]`; for losses of lists all documents, query by query. For `margin-mse`
 *   and `multiple-negatives-ranking` a node for each column (positive, negatives…), or one with all columns one after the other.
 * Throws `ConfigError` for unknown names and options and for wrong values, `ShapeError` for wrong shapes, before anything is computed.
 */
export function crossEncoderLoss(
  graph: Graph,
  name: CrossEncoderLossName,
  columns: readonly NodeId[],
  options: CrossEncoderLossOptions = {},
): NodeId {
  const what = "crossEncoderLoss";
  checkGraph(what, graph);
  const ids = idList(what, columns);
  const call = callOf(what, graph, ids, options);
  const plan = planNamed(what, table, name)(call);
  return plan(ids.map((id) => graph.reshape(id, [call.rows, call.width])));
}

function callOf(what: string, graph: Graph, ids: readonly NodeId[], options: unknown): LossCall {
  const { shape, options: own } = columnShape(what, graph, ids, options, (first) => {
    if (first.length === 0 || first.length > 2 || first.includes(0))
      throw wrongShape(what, "columns[0]", "[n] or [n, labels], with at least one row", first);
  });
  const [rows, width = 1] = shape as [number, number?];
  return { what, graph, columns: ids.length, rows, width, fullWidth: width, options: own };
}
