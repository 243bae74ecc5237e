import { UnsupportedError } from "../../errors/errors.js";
import { exp, log } from "../../values/elementary.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import type { Distance, Similarity } from "./loss-options.js";

/** Under this a square counts as 0 and has no gradient, where √x has none that is finite. Its root, 1e-15, vanishes in float32. */
const LEAST_SQUARE = 1e-30;

/** Added to a score, it leaves the score without weight in a softmax; unlike −∞ it makes no NaN of a gradient of 0. NaN stays NaN. */
export const DROPPED = -1e30;

/** Length by which a row of zeros is divided: that of torch.nn.functional.normalize. */
const NORMALIZE = 1e-12;
/** Least norm in torch.cosine_similarity. */
export const COSINE = 1e-8;

/** A constant on the tape. */
export function constant(graph: Graph, shape: readonly number[], data: ArrayLike<number>): NodeId {
  return graph.constant({ shape, data: Float32Array.from(data) });
}

/** x·factor */
export function times(graph: Graph, x: NodeId, factor: number): NodeId {
  return factor === 1 ? x : graph.mul(x, constant(graph, [], [factor]));
}

/** x + term */
export function plus(graph: Graph, x: NodeId, term: number): NodeId {
  return graph.add(x, constant(graph, [], [term]));
}

/** √x for x ≥ 0; gradient 0 at 0. */
export function root(graph: Graph, x: NodeId): NodeId {
  return graph.sqrt(graph.clamp(x, { min: LEAST_SQUARE }));
}

/** Sums of the rows of x, `[n, d]` → `[n]`. */
const rowSums = (graph: Graph, x: NodeId) => graph.sum(x, { dim: -1 });

/** Dot products or cosines of the rows of two columns, `[n, d]` each → `[n]`. */
export function rowSimilarity(graph: Graph, a: NodeId, b: NodeId, kind: Similarity, eps = NORMALIZE): NodeId {
  const [u, v] = kind === "dot" ? [a, b] : [graph.normalize(a, { eps }), graph.normalize(b, { eps })];
  return rowSums(graph, graph.mul(u, v));
}

/** Distances of the rows of two columns → `[n]`. To each difference `shift` is added, as torch's pairwise_distance does. */
export function rowDistance(
  graph: Graph,
  a: NodeId,
  b: NodeId,
  kind: Distance,
  { shift = 0, eps = NORMALIZE }: { readonly shift?: number; readonly eps?: number } = {},
): NodeId {
  if (kind === "cosine") return plus(graph, graph.neg(rowSimilarity(graph, a, b, "cosine", eps)), 1);
  let difference = graph.sub(a, b);
  if (shift !== 0) difference = plus(graph, difference, shift);
  if (kind === "manhattan") return rowSums(graph, graph.abs(difference));
  return root(graph, rowSums(graph, graph.square(difference)));
}

/** A·Bᵀ: rows of a against rows of b. */
export function products(graph: Graph, a: NodeId, b: NodeId): NodeId {
  return graph.matmul(a, b, { transposeB: true });
}

/** max(0, limit − x) */
export function below(graph: Graph, limit: number, x: NodeId): NodeId {
  return graph.relu(plus(graph, graph.neg(x), limit));
}

/** log σ(x) and log σ(−x) of each element of x `[n]` → `[n, 2]`, without overflow. */
export function logSigmoids(graph: Graph, x: NodeId, count: number): NodeId {
  const pairs = graph.concat([graph.reshape(x, [count, 1]), constant(graph, [count, 1], new Float32Array(count))], 1);
  return graph.logSoftmax(pairs);
}

/** Σ x·weights */
export function weightedSum(graph: Graph, x: NodeId, shape: readonly number[], weights: ArrayLike<number>): NodeId {
  return graph.sum(graph.mul(x, constant(graph, shape, weights)));
}

/** Elements of x `[n]` at places → `[places]`. */
export function pick(graph: Graph, x: NodeId, indices: readonly number[]): NodeId {
  return graph.indexSelect(x, { dim: 0, indices });
}

/** 0, 1, …, n − 1 */
export const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** A copy of a node's values, through which no gradient passes. */
export function valuesOf(graph: Graph, node: NodeId): Float32Array {
  if (!graph.engine.readsLater) return graph.value(node).data;
  throw new UnsupportedError(
    'this loss reads values within a step, which does not run on device "webgpu" yet; use another loss, or device "wasm"',
    { op: "webgpu", missing: "values within a step" },
  );
}

/** x − ln Σ eˣ, in float64. */
export function hostLogSoftmax(x: readonly number[]): number[] {
  const most = x.reduce((a, b) => Math.max(a, b), -Infinity);
  const total = most + log(x.reduce((sum, value) => sum + exp(value - most), 0));
  return x.map((value) => value - total);
}
