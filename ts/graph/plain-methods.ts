import * as ops from "../ops/all.js";
import type { ClampAttributes, GeluAttributes } from "../ops/elementwise/unary.js";
import type { MatmulAttributes } from "../ops/product/matmul.js";
import type { MseLossAttributes } from "../ops/loss.js";
import type { NormalizeAttributes } from "../ops/normalisation/normalize.js";
import type { Shape, TakingOp } from "../ops/op.js";
import type { PadAttributes } from "../ops/shape/pad.js";
import type { RaggedAttentionAttributes } from "../ops/attention/ragged-attention.js";
import type { ReductionAttributes } from "../ops/reduction/reduction.js";
import type { GatherAttributes, IndexSelectAttributes } from "../ops/lookup/select.js";
import type { SliceAttributes } from "../ops/shape/slice.js";
import type { NodeId } from "./node.js";

/** Methods of `Graph` that only pass their arguments on to the op of the same name; the class generates them from its table. */
export interface PlainMethods {
  // Products ------------------------------------------------------------------------------------------------------
  /** op(A)·op(B): `[…, m, k]` × `[…, k, n]` → `[…, m, n]`; leading dimensions broadcast, vectors as in torch.matmul. */
  matmul(a: NodeId, b: NodeId, attributes?: MatmulAttributes): NodeId;

  // Element-wise, operands broadcast ------------------------------------------------------------------------------
  /** a + b */
  add(a: NodeId, b: NodeId): NodeId;
  /** a − b */
  sub(a: NodeId, b: NodeId): NodeId;
  /** a·b, element by element */
  mul(a: NodeId, b: NodeId): NodeId;
  /** a / b */
  div(a: NodeId, b: NodeId): NodeId;
  /** The larger of a and b; at a tie each gets half the gradient. */
  maximum(a: NodeId, b: NodeId): NodeId;
  /** The smaller of a and b; at a tie each gets half the gradient. */
  minimum(a: NodeId, b: NodeId): NodeId;

  // Element-wise, one operand -------------------------------------------------------------------------------------
  /** −x */
  neg(x: NodeId): NodeId;
  /** |x|; gradient 0 at 0. */
  abs(x: NodeId): NodeId;
  /** x² */
  square(x: NodeId): NodeId;
  /** eˣ */
  exp(x: NodeId): NodeId;
  /** Natural logarithm. */
  log(x: NodeId): NodeId;
  /** √x */
  sqrt(x: NodeId): NodeId;
  /** 1/√x */
  rsqrt(x: NodeId): NodeId;
  /** 1/x */
  reciprocal(x: NodeId): NodeId;
  /** Error function. */
  erf(x: NodeId): NodeId;
  /** Sine, x in radians. */
  sin(x: NodeId): NodeId;
  /** Cosine, x in radians. */
  cos(x: NodeId): NodeId;
  /** x to a constant power. */
  pow(x: NodeId, exponent: number): NodeId;
  /** Clamps x to `min` and `max`; gradient 0 outside. */
  clamp(x: NodeId, limits: ClampAttributes): NodeId;
  /** max(x, 0) */
  relu(x: NodeId): NodeId;
  /** x·Φ(x); `approximate: "tanh"` is the cubic approximation that GPT-2 uses. */
  gelu(x: NodeId, attributes?: GeluAttributes): NodeId;
  /** x·σ(1.702 x) */
  quickGelu(x: NodeId): NodeId;
  /** x·σ(x) */
  silu(x: NodeId): NodeId;
  /** 1/(1 + e⁻ˣ) */
  sigmoid(x: NodeId): NodeId;
  /** Hyperbolic tangent. */
  tanh(x: NodeId): NodeId;
  /** Zeroes elements with probability p and scales the rest by 1/(1 − p), in training mode only. */
  dropout(x: NodeId, p: number): NodeId;

  // Reductions ----------------------------------------------------------------------------------------------------
  /** Sum over dimensions; default all. */
  sum(x: NodeId, attributes?: ReductionAttributes): NodeId;
  /** Mean over dimensions; default all. */
  mean(x: NodeId, attributes?: ReductionAttributes): NodeId;
  /** Largest element over dimensions; ties share the gradient. */
  amax(x: NodeId, attributes?: ReductionAttributes): NodeId;
  /** Smallest element over dimensions; ties share the gradient. */
  amin(x: NodeId, attributes?: ReductionAttributes): NodeId;
  /** Mean of each sequence's rows: x `[tokens, d]`, sequence i being rows `offsets[i]` to `offsets[i + 1]` → `[batch, d]`. */
  meanPool(x: NodeId, offsets: ArrayLike<number>): NodeId;

  // Normalisation -------------------------------------------------------------------------------------------------
  /** x / √(mean(x²) + eps)·weight over the last dimension; eps default 1e-6. */
  rmsNorm(x: NodeId, weight: NodeId, attributes?: { readonly eps?: number }): NodeId;
  /** x / ‖x‖₂ along the last dimension. */
  normalize(x: NodeId, attributes?: NormalizeAttributes): NodeId;

  // Losses --------------------------------------------------------------------------------------------------------
  /** (a − b)², mean by default. */
  mseLoss(a: NodeId, b: NodeId, attributes?: MseLossAttributes): NodeId;

  // Attention and look-up -----------------------------------------------------------------------------------------
  /** Attention within each sequence of a ragged batch: qkv `[tokens, 3·hidden]` → `[tokens, hidden]`. */
  raggedAttention(qkv: NodeId, attributes: RaggedAttentionAttributes): NodeId;
  /** Slices of x at `indices` along a dimension. */
  indexSelect(x: NodeId, attributes: IndexSelectAttributes): NodeId;
  /** Elements of x at `indices` along a dimension, one for each position of `indices`. */
  gather(x: NodeId, attributes: GatherAttributes): NodeId;

  // Shape ---------------------------------------------------------------------------------------------------------
  /** Gives the same elements another shape; one length may be -1. No copy. */
  reshape(x: NodeId, shape: Shape): NodeId;
  /** Dimensions in another order. */
  permute(x: NodeId, dims: readonly number[]): NodeId;
  /** Positions start to end of a dimension. */
  slice(x: NodeId, attributes: SliceAttributes): NodeId;
  /** Repeats dimensions of length 1. */
  expand(x: NodeId, shape: Shape): NodeId;
  /** Pads a dimension. */
  pad(x: NodeId, attributes: PadAttributes): NodeId;
}

export type AnyOp = TakingOp<unknown, unknown, unknown>;

/** Ops with one input, and attributes if they have any. */
export const oneInput = [
  ops.neg, ops.abs, ops.square, ops.exp, ops.log, ops.sqrt, ops.rsqrt, ops.reciprocal, ops.erf, ops.sin, ops.cos,
  ops.relu, ops.quickGelu, ops.silu, ops.sigmoid, ops.tanh, ops.pow, ops.clamp, ops.gelu, ops.dropout,
  ops.sum, ops.mean, ops.amax, ops.amin, ops.meanPool, ops.normalize, ops.raggedAttention, ops.indexSelect, ops.gather,
  ops.reshape, ops.permute, ops.slice, ops.expand, ops.pad,
] as readonly AnyOp[]; // prettier-ignore
/** Ops with two inputs. */
export const twoInputs = [
  ops.matmul, ops.add, ops.sub, ops.mul, ops.div, ops.maximum, ops.minimum, ops.rmsNorm, ops.mseLoss,
] as readonly AnyOp[]; // prettier-ignore
