import type { GradientTarget, Pointer, Workspace } from "../op.js";

/** How one attention kernel call covers a batch: see `crates/kernels/src/attention`. */
export interface AttentionPlan {
  /** Rows (first query row, queries, first key row, keys) of 32-bit integers, one a sequence. */
  readonly table: Pointer;
  /** Added to the scores: `[sequences, keyBiasStep]`, 0 or −∞; null pointer for none. */
  readonly keyBias: Pointer;
  /** Keys of the longest sequence. */
  readonly longest: number;
  readonly extents: Extents;
}

/**
 * Shapes, and distances between neighbouring rows and heads of each operand in elements, in the order in which both
 * kernels take them.
 */
export type Extents = readonly [
  sequences: number, heads: number, kvHeads: number, headDim: number,
  qRow: number, qHead: number, kvRow: number, kvHead: number, oRow: number, oHead: number,
  lseHead: number, keyBiasStep: number, scale: number, causal: 0 | 1,
]; // prettier-ignore

/** What scores are multiplied with unless a caller says so: 1/√d. */
export function usualScale(headDim: number): number {
  return 1 / Math.sqrt(Math.max(headDim, 1));
}

/** Scratch of all threads, and its length. */
function scratch(call: Workspace, { longest, extents }: AttentionPlan): [Pointer, number] {
  const length = call.kernels.attention_scratch_len(longest, extents[3]);
  return [call.scratch(length), length];
}

/** output ← softmax(scale·q·kᵀ)·v, and the log-sum-exp of each row's scores. */
export function runAttention(
  call: Workspace,
  plan: AttentionPlan,
  [q, k, v]: readonly Pointer[],
  output: Pointer,
  lse: Pointer,
): void {
  const { table, keyBias } = plan;
  call.kernels.attention_forward(q!, k!, v!, output, lse, table, keyBias, ...scratch(call, plan), ...plan.extents);
}

/** Gradients of q, k and v; those with a null pointer are left out. */
export function runAttentionGradient(
  call: Workspace,
  plan: AttentionPlan,
  operands: { qkv: readonly Pointer[]; lse: Pointer; gradient: Pointer },
  targets: readonly GradientTarget[],
): void {
  const { qkv, lse, gradient } = operands;
  const [q, k, v] = qkv;
  const [dq, dk, dv] = targets.map(({ pointer }) => pointer);
  const [addQ, addK, addV] = targets.map(({ accumulate }) => accumulate);
  call.kernels.attention_gradient(
    gradient, q!, k!, v!, lse, dq!, dk!, dv!, plan.table, plan.keyBias,
    ...scratch(call, plan), ...plan.extents, addQ!, addK!, addV!,
  ); // prettier-ignore
}
