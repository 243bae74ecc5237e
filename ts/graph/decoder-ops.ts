import { cachedAttention, type CachedAttentionAttributes } from "../ops/attention/cached-attention.js";
import { rotaryEmbedding, type RotaryEmbeddingAttributes } from "../ops/attention/rotary-embedding.js";
import { type GatedActivation, gatedUnit } from "../ops/elementwise/gated-unit.js";
import { tableProduct } from "../ops/product/table-product.js";
import type { Graph, NodeId } from "./graph.js";
import { Tape } from "./tape.js";

// Functions, not methods of `Graph`: what loads no language model is spared them.

/** x `[tokens, columns]` with pairs of features of its first heads turned by their positions. */
export const turned = (graph: Graph, x: NodeId, attributes: RotaryEmbeddingAttributes): NodeId =>
  Tape.applied(graph, rotaryEmbedding, [x], attributes);

/** f(a)·b, a and b the halves of x's rows. */
export const gated = (graph: Graph, x: NodeId, activation: GatedActivation): NodeId =>
  Tape.applied(graph, gatedUnit, [x], { activation });

/** Causal attention behind tokens of which caches hold keys and values; the new ones' are put there. */
export const attendCached = (graph: Graph, qkv: NodeId, attributes: CachedAttentionAttributes): NodeId =>
  Tape.applied(graph, cachedAttention, [qkv], attributes);

/** x·Tᵀ: x `[…, d]`, a table T `[rows, d]` → `[…, rows]`. */
export const timesTable = (graph: Graph, x: NodeId, table: NodeId): NodeId =>
  Tape.applied(graph, tableProduct, [x, table], undefined);
