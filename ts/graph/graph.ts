import * as ops from "../ops/all.js";
import type { CrossEntropyAttributes } from "../ops/loss.js";
import type { DisentangledAttentionAttributes } from "../ops/attention/disentangled-attention.js";
import type { EmbeddingAttributes } from "../ops/lookup/embedding.js";
import type { LayerNormAttributes } from "../ops/normalisation/layer-norm.js";
import type { LoraLinearAttributes } from "../ops/product/lora-linear.js";
import type { TakingOp } from "../ops/op.js";
import type { ScaledDotProductAttentionAttributes } from "../ops/attention/scaled-dot-product-attention.js";
import { unexpected } from "../arguments/settings.js";
import { idList, type NodeId } from "./node.js";
import { oneInput, type PlainMethods, twoInputs } from "./plain-methods.js";
import { Tape } from "./tape.js";

export type { NodeId } from "./node.js";

/**
 * A computation on tensors in linear memory, recorded for `backward`. Each op is a method that takes and returns `NodeId`s and checks
 * shapes before any work (`ShapeError`). Results live until their step ends; `dispose()` frees the graph.
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
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Graph extends Tape implements Disposable {
  // Products ------------------------------------------------------------------------------------------------------
  /** x·W + b: x `[…, in]`, W `[in, out]`, b `[out]` or null. */
  linear(x: NodeId, weight: NodeId, bias: NodeId | null = null): NodeId {
    return this.apply(ops.linear, bias === null ? [x, weight] : [x, weight, bias], { bias: bias !== null });
  }
  /** x·W + b + Σ s·(x·A)·B on column ranges; the inputs are in the order that `LoraLinearAttributes` says. */
  loraLinear(inputs: readonly NodeId[], attributes: LoraLinearAttributes): NodeId {
    return this.run(ops.loraLinear, idList("loraLinear", inputs), attributes);
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

  // Losses --------------------------------------------------------------------------------------------------------
  /** Cross entropy of logits `[…, classes]` against class indices. */
  crossEntropy(logits: NodeId, targets: ArrayLike<number>, attributes: CrossEntropyAttributes = {}): NodeId {
    return this.run(ops.crossEntropy, [logits], { targets, options: attributes });
  }

  // Attention and look-up -----------------------------------------------------------------------------------------
  /** softmax(s·QKᵀ)·V: q `[batch, heads, T, d]`, k and v `[batch, kvHeads, S, d]`. */
  scaledDotProductAttention(q: NodeId, k: NodeId, v: NodeId, attributes?: ScaledDotProductAttentionAttributes): NodeId {
    return this.run(ops.scaledDotProductAttention, [q, k, v], attributes);
  }
  /**
   * Attention within each sequence of a ragged batch, with scores that also depend on the distance of query and key (DeBERTa): qkv
   * `[tokens, 3·hidden]`, c2p and p2c `[tokens, heads·buckets]` or null → `[tokens, hidden]`.
   */
  disentangledAttention(
    qkv: NodeId,
    c2p: NodeId | null,
    p2c: NodeId | null,
    attributes: DisentangledAttentionAttributes,
  ): NodeId {
    const inputs = [qkv, ...[c2p, p2c].filter((input) => input !== null)];
    return this.run(ops.disentangledAttention, inputs, { options: attributes, c2p: c2p !== null, p2c: p2c !== null });
  }
  /** Rows of `weight` `[rows, d]` at `indices`. */
  embedding(weight: NodeId, indices: ArrayLike<number>, attributes: EmbeddingAttributes = {}): NodeId {
    return this.run(ops.embedding, [weight], { indices, options: attributes });
  }

  // Shape ---------------------------------------------------------------------------------------------------------
  /** Two dimensions swapped; default the last two. */
  transpose(x: NodeId, dim0 = -2, dim1 = -1): NodeId {
    return this.apply(ops.transpose, [x], { dim0, dim1 });
  }
  /** Tensors joined along a dimension. */
  concat(parts: readonly NodeId[], dim: number): NodeId {
    return this.apply(ops.concat, idList("concat", parts), { dim });
  }

  /** Applies an op with attributes; the tape keeps a copy of them. */
  private run<G, A, S>(op: TakingOp<G, A, S>, ids: readonly NodeId[], given?: G): NodeId {
    if (given !== undefined) return this.apply(op, ids, op.take(given, op.name));
    return this.apply(op, ids, (op.byDefault ??= op.take(given, op.name)));
  }

  static {
    for (const op of oneInput) {
      const plain = function (this: Graph, x: NodeId) {
        return this.apply(op, [x], undefined);
      };
      const taking = function (this: Graph, x: NodeId, given?: unknown) {
        return this.run(op, [x], given);
      };
      this.prototype[op.name as "neg"] = "take" in op ? taking : plain;
    }
    for (const op of twoInputs) {
      const plain = function (this: Graph, a: NodeId, b: NodeId) {
        return this.apply(op, [a, b], undefined);
      };
      const taking = function (this: Graph, a: NodeId, b: NodeId, given?: unknown) {
        return this.run(op, [a, b], given);
      };
      this.prototype[op.name as "add"] = "take" in op ? taking : plain;
    }
  }
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging, @typescript-eslint/no-empty-object-type
export interface Graph extends PlainMethods {}

/** Throws `ConfigError` unless `graph` is a `Graph`. Returns it. */
export function checkGraph(what: string, graph: Graph): Graph {
  // An object that no constructor made has no fields.
  if (graph instanceof Graph && Array.isArray(graph.nodes)) return graph;
  throw unexpected(what, "graph", "a Graph", graph);
}
