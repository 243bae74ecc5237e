import type { GradientTarget, Pointer, Workspace } from "./op.js";

/** Distances between neighbouring rows and heads of an operand, in elements. */
interface Layout {
  readonly row: number;
  readonly head: number;
}

/** How one attention kernel call covers a batch: see `crates/kernels/src/attention`. */
export interface AttentionPlan {
  /** Rows (first query row, queries, first key row, keys) of 32-bit integers, one a sequence. */
  readonly table: Pointer;
  /** Added to the scores: `[sequences, keyBiasStep]`, 0 or −∞; null pointer for none. */
  readonly keyBias: Pointer;
  readonly keyBiasStep: number;
  /** Keys of the longest sequence. */
  readonly longest: number;
  readonly sequences: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly q: Layout;
  readonly kv: Layout;
  readonly o: Layout;
  readonly lseHead: number;
  readonly scale: number;
  readonly causal: boolean;
}

/** Shapes and strides in the order in which both kernels take them. */
function numbers(plan: AttentionPlan) {
  const { sequences, heads, kvHeads, headDim, q, kv, o, lseHead, keyBiasStep, scale, causal } = plan;
  const strides = [q.row, q.head, kv.row, kv.head, o.row, o.head, lseHead, keyBiasStep] as const;
  return [sequences, heads, kvHeads, headDim, ...strides, scale, causal ? 1 : 0] as const;
}

/** Scratch of all threads, and its length. */
function scratch(call: Workspace, { longest, headDim }: AttentionPlan): [Pointer, number] {
  const length = call.kernels.attention_scratch_len(longest, headDim);
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
  call.kernels.attention_forward(q!, k!, v!, output, lse, table, keyBias, ...scratch(call, plan), ...numbers(plan));
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
    ...scratch(call, plan), ...numbers(plan), addQ!, addK!, addV!,
  ); // prettier-ignore
}
