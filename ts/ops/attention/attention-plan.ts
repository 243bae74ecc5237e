import {
  ATTENTION_GRADIENT,
  ATTENTION_PLAN,
  type AttentionPlanStruct,
  writeAttentionGradient,
  writeAttentionPlan,
} from "../../engine/struct.js";
import { hostArray } from "../../values/number-list.js";
import type { GradientTarget, Pointer, Workspace } from "../op.js";

/** How the attention kernels process a batch: see `crates/kernels/src/attention`. */
export interface AttentionPlan {
  /** The struct in memory, followed by the table of sequences. */
  readonly pointer: Pointer;
  /** Elements of scratch memory for each kernel. */
  readonly scratch: number;
}

/** Words of a sequence in the table. */
const ROW = 5;

/** Rewritten and uploaded for each gradient. */
const gradientWords = new Int32Array(ATTENTION_GRADIENT);

/** What depends on the distance, where nothing does. */
const noDistances = {
  window: 2 ** 32 - 1,
  distanceBias: 0,
  distanceBiasStep: 0,
  buckets: 0,
  bucketCount: 0,
  c2p: 0,
  p2c: 0,
} as const;

type PlanValues = Omit<AttentionPlanStruct, keyof typeof noDistances> & Partial<AttentionPlanStruct>;

/** A plan that is being made: room for the struct, then the table. */
export class PlanWords {
  private readonly words: Int32Array;

  constructor(what: string, sequences: number) {
    this.words = hostArray(what, Int32Array, ATTENTION_PLAN + ROW * sequences);
  }

  /** First query row, queries, first key row, keys of a sequence, and its number of keys before the first query's own; default none. */
  row(sequence: number, row: readonly [number, number, number, number], before = 0): void {
    this.words.set([...row, before], ATTENTION_PLAN + ROW * sequence);
  }

  /** Puts the plan into memory; no sequence has more keys than `longest`. */
  upload(call: Workspace, longest: number, values: PlanValues): AttentionPlan {
    const { words } = this;
    writeAttentionPlan(words, { ...noDistances, ...values });
    return { pointer: call.upload(words), scratch: call.kernels.attention_scratch_len(longest, values.headDim) };
  }
}

/** Default factor of scores: 1/√d. */
export function usualScale(headDim: number): number {
  return 1 / Math.sqrt(Math.max(headDim, 1));
}

/** output ← softmax(scale·q·kᵀ)·v, and the log-sum-exp of each row's scores. */
export function runAttention(
  call: Workspace,
  { pointer, scratch }: AttentionPlan,
  [q, k, v]: readonly Pointer[],
  output: Pointer,
  lse: Pointer,
): void {
  call.kernels.attention_forward(pointer, q!, k!, v!, output, lse, call.scratch(scratch), scratch);
}

const nowhere: GradientTarget = { pointer: 0, accumulate: 0 };

/** Inputs of the gradient, as the forward pass had them, and ∂L/∂output. */
interface Operands {
  readonly qkv: readonly Pointer[];
  readonly lse: Pointer;
  readonly gradient: Pointer;
}

/** Gradients of q, k and v and, if present, c2p and p2c; those with a null pointer are skipped. */
export function runAttentionGradient(
  call: Workspace,
  { pointer, scratch }: AttentionPlan,
  operands: Operands,
  targets: readonly GradientTarget[],
): void {
  call.kernels.attention_gradient(pointer, gradientStruct(call, operands, targets), call.scratch(scratch), scratch);
}

/** The struct that the kernels of the gradient read. */
export function gradientStruct(call: Workspace, operands: Operands, targets: readonly GradientTarget[]): Pointer {
  const { qkv, lse, gradient: g } = operands;
  const [q, k, v] = qkv as [Pointer, Pointer, Pointer];
  const [, , , c2p = nowhere, p2c = nowhere] = targets;
  const [{ pointer: dq, accumulate: accumulateQ }, { pointer: dk, accumulate: accumulateK }, { pointer: dv, accumulate: accumulateV }] =
    targets as [GradientTarget, GradientTarget, GradientTarget]; // prettier-ignore
  writeAttentionGradient(gradientWords, {
    g, q, k, v, lse, dq, dk, dv, accumulateQ, accumulateK, accumulateV, dc2p: c2p.pointer, dp2c: p2c.pointer,
    accumulateC2p: c2p.accumulate, accumulateP2c: p2c.accumulate,
  }); // prettier-ignore
  return call.upload(gradientWords);
}
