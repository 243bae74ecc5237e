import type { ClampAttributes, GeluAttributes } from "../ops/elementwise.js";
import type { CrossEntropyAttributes } from "../ops/cross-entropy.js";
import type { EmbeddingAttributes } from "../ops/embedding.js";
import * as ops from "../ops/all.js";
import type { LayerNormAttributes } from "../ops/layer-norm.js";
import type { LoraLinearAttributes } from "../ops/lora-linear.js";
import type { MatmulAttributes } from "../ops/matmul.js";
import type { MseLossAttributes } from "../ops/mse-loss.js";
import type { NormalizeAttributes } from "../ops/normalize.js";
import type { Shape, TakingOp } from "../ops/op.js";
import type { PadAttributes } from "../ops/pad.js";
import type { RaggedAttentionAttributes } from "../ops/ragged-attention.js";
import type { ReductionAttributes } from "../ops/reduction.js";
import type { ScaledDotProductAttentionAttributes } from "../ops/scaled-dot-product-attention.js";
import type { GatherAttributes, IndexSelectAttributes } from "../ops/select.js";
import type { SliceAttributes } from "../ops/slice.js";
import { unexpected } from "../settings.js";
import { idList, type NodeId } from "./node.js";
import { Tape } from "./tape.js";

export type { NodeId } from "./node.js";

/**
 * A computation on tensors in linear memory, recorded so that `backward` can follow. One method an op; each takes and
 * gives `NodeId`s, checks shapes before any work (`ShapeError`) and copies nothing that it need not. Results live until
 * the step they were made in ends; a graph is given back with `dispose()`.
 *
 * @example
 * const graph = new Graph();
 * const w = graph.variable({ shape: [2, 1], data: Float32Array.of(1, 2) });
 * graph.step(() => {
 *   const x = graph.constant({ shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
 *   graph.backward(graph.mean(graph.square(graph.matmul(x, w))));
 * });
 * graph.grad(w); // { shape: [2, 1], data: … }
 */
export class Graph extends Tape implements Disposable {
  // Products ------------------------------------------------------------------------------------------------------
  /** op(A)·op(B): `[…, m, k]` × `[…, k, n]` → `[…, m, n]`; leading dimensions broadcast, vectors as in torch.matmul. */
  matmul(a: NodeId, b: NodeId, attributes?: MatmulAttributes): NodeId {
    return this.run(ops.matmul, [a, b], attributes);
  }
  /** x·W + b: x `[…, in]`, W `[in, out]`, b `[out]` or null. */
  linear(x: NodeId, weight: NodeId, bias: NodeId | null = null): NodeId {
    return this.apply(ops.linear, bias === null ? [x, weight] : [x, weight, bias], { bias: bias !== null });
  }
  /** x·W + b + Σ s·(x·A)·B on column ranges; the inputs are in the order that `LoraLinearAttributes` says. */
  loraLinear(inputs: readonly NodeId[], attributes: LoraLinearAttributes): NodeId {
    return this.run(ops.loraLinear, idList("loraLinear", inputs), attributes);
  }

  // Element-wise, operands broadcast ------------------------------------------------------------------------------
  /** a + b */
  add(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.add, [a, b], undefined);
  }
  /** a − b */
  sub(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.sub, [a, b], undefined);
  }
  /** a·b, element by element */
  mul(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.mul, [a, b], undefined);
  }
  /** a / b */
  div(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.div, [a, b], undefined);
  }
  /** The larger of a and b; at a tie each gets half the gradient. */
  maximum(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.maximum, [a, b], undefined);
  }
  /** The smaller of a and b; at a tie each gets half the gradient. */
  minimum(a: NodeId, b: NodeId): NodeId {
    return this.apply(ops.minimum, [a, b], undefined);
  }

  // Element-wise, one operand -------------------------------------------------------------------------------------
  /** −x */
  neg(x: NodeId): NodeId {
    return this.apply(ops.neg, [x], undefined);
  }
  /** |x|; gradient 0 at 0. */
  abs(x: NodeId): NodeId {
    return this.apply(ops.abs, [x], undefined);
  }
  /** x² */
  square(x: NodeId): NodeId {
    return this.apply(ops.square, [x], undefined);
  }
  /** eˣ */
  exp(x: NodeId): NodeId {
    return this.apply(ops.exp, [x], undefined);
  }
  /** Natural logarithm. */
  log(x: NodeId): NodeId {
    return this.apply(ops.log, [x], undefined);
  }
  /** √x */
  sqrt(x: NodeId): NodeId {
    return this.apply(ops.sqrt, [x], undefined);
  }
  /** 1/√x */
  rsqrt(x: NodeId): NodeId {
    return this.apply(ops.rsqrt, [x], undefined);
  }
  /** 1/x */
  reciprocal(x: NodeId): NodeId {
    return this.apply(ops.reciprocal, [x], undefined);
  }
  /** Error function. */
  erf(x: NodeId): NodeId {
    return this.apply(ops.erf, [x], undefined);
  }
  /** Sine, x in radians. */
  sin(x: NodeId): NodeId {
    return this.apply(ops.sin, [x], undefined);
  }
  /** Cosine, x in radians. */
  cos(x: NodeId): NodeId {
    return this.apply(ops.cos, [x], undefined);
  }
  /** x to a constant power. */
  pow(x: NodeId, exponent: number): NodeId {
    return this.run(ops.pow, [x], exponent);
  }
  /** x held between `min` and `max`; gradient 0 outside. */
  clamp(x: NodeId, limits: ClampAttributes): NodeId {
    return this.run(ops.clamp, [x], limits);
  }
  /** max(x, 0) */
  relu(x: NodeId): NodeId {
    return this.apply(ops.relu, [x], undefined);
  }
  /** x·Φ(x); `approximate: "tanh"` is the cubic approximation that GPT-2 uses. */
  gelu(x: NodeId, attributes?: GeluAttributes): NodeId {
    return this.run(ops.gelu, [x], attributes);
  }
  /** x·σ(1.702 x) */
  quickGelu(x: NodeId): NodeId {
    return this.apply(ops.quickGelu, [x], undefined);
  }
  /** x·σ(x) */
  silu(x: NodeId): NodeId {
    return this.apply(ops.silu, [x], undefined);
  }
  /** 1/(1 + e⁻ˣ) */
  sigmoid(x: NodeId): NodeId {
    return this.apply(ops.sigmoid, [x], undefined);
  }
  /** Hyperbolic tangent. */
  tanh(x: NodeId): NodeId {
    return this.apply(ops.tanh, [x], undefined);
  }
  /** Zeroes elements with probability p and scales the rest by 1/(1 − p), in training mode only. */
  dropout(x: NodeId, p: number): NodeId {
    return this.run(ops.dropout, [x], p);
  }

  // Reductions ----------------------------------------------------------------------------------------------------
  /** Sum over dimensions; default all. */
  sum(x: NodeId, attributes?: ReductionAttributes): NodeId {
    return this.run(ops.sum, [x], attributes);
  }
  /** Mean over dimensions; default all. */
  mean(x: NodeId, attributes?: ReductionAttributes): NodeId {
    return this.run(ops.mean, [x], attributes);
  }
  /** Largest element over dimensions; ties share the gradient. */
  amax(x: NodeId, attributes?: ReductionAttributes): NodeId {
    return this.run(ops.amax, [x], attributes);
  }
  /** Smallest element over dimensions; ties share the gradient. */
  amin(x: NodeId, attributes?: ReductionAttributes): NodeId {
    return this.run(ops.amin, [x], attributes);
  }
  /** Mean of each sequence's rows: x `[tokens, d]`, sequence i being rows `offsets[i]` to `offsets[i + 1]` → `[batch, d]`. */
  meanPool(x: NodeId, offsets: ArrayLike<number>): NodeId {
    return this.run(ops.meanPool, [x], offsets);
  }

  // Normalisation -------------------------------------------------------------------------------------------------
  /** e^x / Σ e^x along `dim`; default the last. */
  softmax(x: NodeId, dim = -1): NodeId {
    return this.apply(ops.softmax, [x], { dim });
  }
  /** log(softmax(x)) along `dim`; default the last. */
  logSoftmax(x: NodeId, dim = -1): NodeId {
    return this.apply(ops.logSoftmax, [x], { dim });
  }
  /** (x − mean)/√(variance + eps)·weight + bias over the last dimensions; null for no weight or no bias. */
  layerNorm(x: NodeId, weight: NodeId | null, bias: NodeId | null, attributes: LayerNormAttributes = {}): NodeId {
    const inputs = [x];
    if (weight !== null) inputs.push(weight);
    if (bias !== null) inputs.push(bias);
    return this.run(ops.layerNorm, inputs, { weight: weight !== null, bias: bias !== null, options: attributes });
  }
  /** x / √(mean(x²) + eps)·weight over the last dimension; eps default 1e-6. */
  rmsNorm(x: NodeId, weight: NodeId, attributes?: { readonly eps?: number }): NodeId {
    return this.run(ops.rmsNorm, [x, weight], attributes);
  }
  /** x / ‖x‖₂ along the last dimension. */
  normalize(x: NodeId, attributes?: NormalizeAttributes): NodeId {
    return this.run(ops.normalize, [x], attributes);
  }

  // Losses --------------------------------------------------------------------------------------------------------
  /** Cross entropy of logits `[…, classes]` against class indices. */
  crossEntropy(logits: NodeId, targets: ArrayLike<number>, attributes: CrossEntropyAttributes = {}): NodeId {
    return this.run(ops.crossEntropy, [logits], { targets, options: attributes });
  }
  /** (a − b)², mean by default. */
  mseLoss(a: NodeId, b: NodeId, attributes?: MseLossAttributes): NodeId {
    return this.run(ops.mseLoss, [a, b], attributes);
  }

  // Attention and look-up -----------------------------------------------------------------------------------------
  /** softmax(s·QKᵀ)·V: q `[batch, heads, T, d]`, k and v `[batch, kvHeads, S, d]`. */
  scaledDotProductAttention(q: NodeId, k: NodeId, v: NodeId, attributes?: ScaledDotProductAttentionAttributes): NodeId {
    return this.run(ops.scaledDotProductAttention, [q, k, v], attributes);
  }
  /** Attention within each sequence of a ragged batch: qkv `[tokens, 3·hidden]` → `[tokens, hidden]`. */
  raggedAttention(qkv: NodeId, attributes: RaggedAttentionAttributes): NodeId {
    return this.run(ops.raggedAttention, [qkv], attributes);
  }
  /** Rows of `weight` `[rows, d]` at `indices`. */
  embedding(weight: NodeId, indices: ArrayLike<number>, attributes: EmbeddingAttributes = {}): NodeId {
    return this.run(ops.embedding, [weight], { indices, options: attributes });
  }
  /** Slices of x at `indices` along a dimension. */
  indexSelect(x: NodeId, attributes: IndexSelectAttributes): NodeId {
    return this.run(ops.indexSelect, [x], attributes);
  }
  /** Elements of x at `indices` along a dimension, one for each place. */
  gather(x: NodeId, attributes: GatherAttributes): NodeId {
    return this.run(ops.gather, [x], attributes);
  }

  // Shape ---------------------------------------------------------------------------------------------------------
  /** The same elements under another shape; one length may be -1. No copy. */
  reshape(x: NodeId, shape: Shape): NodeId {
    return this.run(ops.reshape, [x], shape);
  }
  /** Dimensions in another order. */
  permute(x: NodeId, dims: readonly number[]): NodeId {
    return this.run(ops.permute, [x], dims);
  }
  /** Two dimensions swapped; default the last two. */
  transpose(x: NodeId, dim0 = -2, dim1 = -1): NodeId {
    return this.apply(ops.transpose, [x], { dim0, dim1 });
  }
  /** Tensors joined along a dimension. */
  concat(parts: readonly NodeId[], dim: number): NodeId {
    return this.apply(ops.concat, idList("concat", parts), { dim });
  }
  /** Places start to end of a dimension. */
  slice(x: NodeId, attributes: SliceAttributes): NodeId {
    return this.run(ops.slice, [x], attributes);
  }
  /** Repeats dimensions of length 1. */
  expand(x: NodeId, shape: Shape): NodeId {
    return this.run(ops.expand, [x], shape);
  }
  /** Constant places added to a dimension. */
  pad(x: NodeId, attributes: PadAttributes): NodeId {
    return this.run(ops.pad, [x], attributes);
  }

  /** Applies an op that has attributes: its own copy of them is what goes on the tape. */
  private run<G, A, S>(op: TakingOp<G, A, S>, ids: readonly NodeId[], given: G | undefined): NodeId {
    const byDefault = () => (op.byDefault ??= op.take(given, op.name));
    return this.apply(op, ids, given === undefined ? byDefault() : op.take(given, op.name));
  }
}

/** Throws `ConfigError` unless `graph` is a `Graph`. Gives it back. */
export function checkGraph(what: string, graph: Graph): Graph {
  if (graph instanceof Graph) return graph;
  throw unexpected(what, "graph", "a Graph", graph);
}
