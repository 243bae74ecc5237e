import { expertProducts, gated, scattered, timesTable } from "../../graph/decoder-ops.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Activation } from "../config-values.js";
import { gatedOf } from "./attention.js";
import type { ExpertsShape } from "./config.js";

/** Which experts each token of a pass goes to: a list of pairs of a token and an expert, in two orders. */
interface Routes {
  /** Element `token · experts + expert` of the scores, of each pair by token, its experts in their own order: `[tokens · chosen]`. */
  readonly places: Int32Array;
  /** The pairs of token and expert, sorted by expert and then by token: the pair's number by token, and its token. */
  readonly pairs: Int32Array;
  readonly tokens: Int32Array;
  /** The experts that have tokens. */
  readonly experts: readonly number[];
  /** Where the pairs of each of these begin and, last, the number of pairs. */
  readonly offsets: Int32Array;
}

/**
 * The experts with the highest scores of each token, the first of equal ones. A token's choice depends on its own scores alone.
 *
 * @param scores `[tokens, experts]`
 * @param bias added to the scores for the choice alone
 * @internal exported for its tests
 */
export function routesOf(scores: Float32Array, experts: number, chosen: number, bias: Float32Array | null): Routes {
  const rows = scores.length / experts;
  const places = new Int32Array(rows * chosen);
  const counts = new Int32Array(experts + 1);
  const isChosen = new Uint8Array(experts);
  for (let row = 0, pair = 0; row < rows; row++) {
    const first = row * experts;
    isChosen.fill(0);
    for (let n = 0; n < chosen; n++) isChosen[highest(scores, first, bias, isChosen)] = 1;
    for (let e = 0; e < experts; e++) {
      if (isChosen[e] === 0) continue;
      places[pair++] = first + e;
      counts[e + 1]! += 1;
    }
  }
  for (let e = 0; e < experts; e++) counts[e + 1]! += counts[e]!;
  const used = Array.from({ length: experts }, (_, e) => e).filter((e) => counts[e + 1]! > counts[e]!);
  const offsets = Int32Array.from([...used.map((e) => counts[e]!), places.length]);
  const [pairs, tokens] = [new Int32Array(places.length), new Int32Array(places.length)];
  places.forEach((place, pair) => {
    const at = counts[place % experts]!++;
    pairs[at] = pair;
    tokens[at] = Math.floor(place / experts);
  });
  return { places, pairs, tokens, experts: used, offsets };
}

/** The expert with the highest score among those not yet chosen; NaN is never higher. */
function highest(scores: Float32Array, first: number, bias: Float32Array | null, isChosen: Uint8Array): number {
  let [best, most] = [-1, NaN];
  for (let e = 0; e < isChosen.length; e++) {
    if (isChosen[e] === 1) continue;
    const score = bias === null ? scores[first + e]! : Math.fround(scores[first + e]! + bias[e]!);
    if (best < 0 || score > most || (Number.isNaN(most) && !Number.isNaN(score))) [best, most] = [e, score];
  }
  return best;
}

/** The weights of a mixture of experts, in a layer that has one. */
interface ExpertsWeights {
  /** `[experts, hidden]` */
  readonly router: NodeId | null;
  /** Added to the scores for the choice alone, `[experts]`; null for none. */
  readonly routerBias: NodeId | null;
  /** Weights of each expert: `[hidden, 2·width]`, of which the first half is activated, and `[width, hidden]`. */
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
