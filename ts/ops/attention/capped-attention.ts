import type { Op, Pointer, Workspace } from "../op.js";
import { type AttentionPlan, gradientStruct } from "./attention-plan.js";
import { columnBlocks, raggedPlan, raggedShape } from "./ragged-attention.js";

export interface CappedAttentionAttributes {
  readonly offsets: Int32Array;
  readonly heads: number;
  readonly kvHeads: number;
  readonly causal: boolean;
  /** Default 1/√d. */
  readonly scale: number | undefined;
  /** A token sees those at most so far from it; null for all. */
  readonly window: number | null;
  /** c > 0. */
  readonly cap: number;
}

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

/**
 * `raggedAttention` with soft caps (Gemma 2, arXiv 2408.00118): a score s becomes c·tanh(s / c) before hidden tokens are left out. The
 * gradient of s is that of the capped score times 1 − tanh²(s / c).
 */
export const cappedAttention: Op<CappedAttentionAttributes, Saved> = {
  name: "cappedAttention",
  shape: ([qkv], attributes, what) => raggedShape(qkv!, attributes.offsets, attributes, what),
  forward(call) {
    const { attributes, output } = call;
    const { cap, window, heads } = attributes;
    const qkv = call.inputs[0]!;
    const plan = raggedPlan(call, qkv, attributes, window === null ? {} : { window });
    const lse = call.keep(qkv.shape[0]! * heads);
    runCapped(call, plan, columnBlocks(qkv.pointer, qkv, attributes), { output: output.pointer, lse }, cap);
    return { plan, lse };
  },
  backward(call) {
    const { attributes, saved, gradient, kernels } = call;
    const { pointer: plan, scratch } = saved.plan;
    const qkv = call.inputs[0]!;
    const { pointer, accumulate } = call.target(0);
    const blocks = (start: Pointer) => columnBlocks(start, qkv, attributes);
    const operands = { qkv: blocks(qkv.pointer), lse: saved.lse, gradient: gradient.pointer };
    const targets = blocks(pointer).map((block) => ({ pointer: block, accumulate }));
    const struct = gradientStruct(call, operands, targets);
    kernels.attention_gradient_capped(plan, struct, call.scratch(scratch), scratch, attributes.cap);
  },
};

/** Runs attention with capped scores. */
export function runCapped(
  call: Workspace,
  { pointer, scratch }: AttentionPlan,
  [q, k, v]: readonly Pointer[],
  { output, lse }: Readonly<Record<"output" | "lse", Pointer>>,
  cap: number,
): void {
  call.kernels.attention_forward_capped(pointer, q!, k!, v!, output, lse, call.scratch(scratch), scratch, cap);
}
