import { expertProducts, gated, scattered, timesTable } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Activation } from "../activation.js";
import { gatedOf } from "./attention.js";
import type { ExpertsShape } from "./config.js";
import { type Routes, routesOf } from "./routes.js";

/** The weights of a mixture of experts, in a layer that has one. */
interface ExpertsWeights {
  /** `[experts, hidden]` */
  readonly router: NodeId | null;
  /** Added to the scores for the choice alone, `[experts]`; null for none. */
  readonly routerBias: NodeId | null;
  /** Of each expert `[hidden, 2·width]`, of which the first half is activated, and `[width, hidden]`. */
  readonly expertInputs: readonly NodeId[] | null;
  readonly expertOutputs: readonly NodeId[] | null;
}

/**
 * A sparse mixture of experts (arXiv 1701.06538): each token goes through the gated layers of its best experts, and the sum of their
 * results, weighted by the router, is its own. x `[tokens, hidden]`. The choice is constant; the weights pass a gradient to the router's
 * input. Each expert multiplies its tokens in one product; a token's bits do not depend on the others.
 */
export function mixtureOf(
  graph: Graph,
  x: NodeId,
  { router, routerBias, expertInputs: inputs, expertOutputs: outputs }: ExpertsWeights,
  shape: ExpertsShape,
  activation: Activation,
): NodeId {
  const tokens = graph.shape(x)[0]!;
  const logits = timesTable(graph, x, router!);
  const scores = shape.weights === "sigmoid" ? graph.sigmoid(logits) : logits;
  const bias = routerBias === null ? null : graph.value(routerBias).data;
  const routes = routesOf(graph.value(scores).data, shape.count, shape.chosen, bias);
  const active = gated(
    graph,
    expertProducts(graph, graph.embedding(x, routes.tokens), inputs!, routes),
    gatedOf(activation),
  );
  const weighted = graph.mul(
    expertProducts(graph, active, outputs!, routes),
    pairWeights(graph, scores, routes, shape),
  );
  return scattered(graph, weighted, routes.tokens, tokens);
}

/** The weight of each pair, `[pairs, 1]`, in the order of experts. */
function pairWeights(graph: Graph, scores: NodeId, { places, pairs }: Routes, shape: ExpertsShape): NodeId {
  const { count, chosen, weights, normed, factor } = shape;
  const rows = graph.shape(scores)[0]!;
  const all = weights === "softmax" && !normed ? graph.softmax(scores) : scores;
  const found = graph.embedding(graph.reshape(all, [rows * count, 1]), places);
  const byToken = graph.reshape(found, [rows, chosen]);
  const share = weights === "softmax" && normed ? graph.softmax(byToken) : normed ? shared(graph, byToken) : byToken;
  const scaled = factor === 1 ? share : graph.mul(share, numberOf(graph, factor));
  return graph.embedding(graph.reshape(scaled, [rows * chosen, 1]), pairs);
}

/** Each over the sum of its row, which may be almost nothing. */
const shared = (graph: Graph, x: NodeId) =>
  graph.div(x, graph.add(graph.sum(x, { dim: 1, keepDim: true }), numberOf(graph, 1e-6)));

const numberOf = (graph: Graph, value: number) => graph.constant({ shape: [], data: Float32Array.of(value) });
