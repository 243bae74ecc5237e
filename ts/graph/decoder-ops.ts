import { ConfigError } from "../errors/errors.js";
import { cachedAttention, type CachedAttentionAttributes } from "../ops/attention/cached-attention.js";
import { cappedAttention, type CappedAttentionAttributes } from "../ops/attention/capped-attention.js";
import { rotaryEmbedding, type RotaryEmbeddingAttributes } from "../ops/attention/rotary-embedding.js";
import { type GatedActivation, gatedUnit } from "../ops/elementwise/gated-unit.js";
import { expertProduct, scatterRows } from "../ops/experts.js";
import { tableProduct } from "../ops/product/table-product.js";
import { gatedDelta, type GatedDeltaAttributes } from "../ops/recurrence/gated-delta.js";
import { shortConv, type ShortConvAttributes } from "../ops/recurrence/short-conv.js";
import { softplus } from "../ops/recurrence/softplus.js";
import { integersOf } from "../values/number-list.js";
import type { Graph, NodeId } from "./graph.js";
import { Tape } from "./tape.js";

// Functions, not methods of `Graph`, so that bundlers leave them out of programs without a language model.

/** Applies rotary embeddings to x `[tokens, columns]`: rotates pairs of features of the first heads by their positions. */
export const applyRotary = (graph: Graph, x: NodeId, attributes: RotaryEmbeddingAttributes): NodeId =>
  Tape.applied(graph, rotaryEmbedding, [x], attributes);

/** f(a)·b, where a and b are the halves of x's rows. */
export const gated = (graph: Graph, x: NodeId, activation: GatedActivation): NodeId =>
  Tape.applied(graph, gatedUnit, [x], { activation });

/** Causal attention with cached keys and values; the new tokens' are added to the caches. */
export const attendCached = (graph: Graph, qkv: NodeId, attributes: CachedAttentionAttributes): NodeId =>
  Tape.applied(graph, cachedAttention, [qkv], attributes);

/** Short causal convolution of each channel within each sequence: x `[tokens, channels]`, weight `[channels, width]`. */
export const convolved = (graph: Graph, x: NodeId, weight: NodeId, attributes: ShortConvAttributes): NodeId =>
  Tape.applied(graph, shortConv, [x, weight], attributes);

/** The gated delta rule within each sequence: q and k `[tokens, keyHeads·dk]`, v `[tokens, valueHeads·dv]`, g and beta `[tokens, valueHeads]`. */
export const deltaRule = (
  graph: Graph,
  inputs: readonly [q: NodeId, k: NodeId, v: NodeId, g: NodeId, beta: NodeId],
  attributes: GatedDeltaAttributes,
): NodeId => Tape.applied(graph, gatedDelta, [...inputs], attributes);

/** ln(1 + eˣ). */
export const softplusOf = (graph: Graph, x: NodeId): NodeId => Tape.applied(graph, softplus, [x], undefined);

/** Attention within each text of a batch, its scores capped. */
export const attendCapped = (graph: Graph, qkv: NodeId, attributes: CappedAttentionAttributes): NodeId =>
  Tape.applied(graph, cappedAttention, [qkv], attributes);

/** x·Tᵀ: x `[…, d]`, a table T `[rows, d]` → `[…, rows]`. */
export const timesTable = (graph: Graph, x: NodeId, table: NodeId): NodeId =>
  Tape.applied(graph, tableProduct, [x, table], undefined);

/** The experts that have rows, and where the rows of each begin and, last, end. */
interface ExpertRows {
  readonly experts: readonly number[];
  readonly offsets: Int32Array;
}

/** x·W of each expert on its rows: x `[rows, in]`, sorted by expert → `[rows, out]`. `weights` are those of all experts, made by `frozenMatrix`. */
export const expertProducts = (
  graph: Graph,
  x: NodeId,
  weights: readonly NodeId[],
  { experts, offsets }: ExpertRows,
): NodeId =>
  Tape.applied(graph, expertProduct, [x], {
    weights: experts.map((e) => frozenOf(graph, weights[e]!)),
    outFeatures: graph.shape(weights[0]!)[1]!,
    offsets,
  });

function frozenOf(graph: Graph, id: NodeId) {
  const found = graph.frozenWeight(graph.node(id));
  if (found !== null) return found;
  throw new ConfigError(`expertProduct: node ${id} is no frozen weight`, { op: "expertProduct", node: id });
}

/** Adds each row of x `[n, d]` to a row of the result `[rows, d]`. */
export const scattered = (graph: Graph, x: NodeId, index: Int32Array, rows: number): NodeId =>
  Tape.applied(graph, scatterRows, [x], { indices: integersOf("scatterRows", "indices", index), rows });
