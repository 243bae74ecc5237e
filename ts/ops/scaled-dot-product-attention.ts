import { ShapeError } from "../errors.js";
import { hostArray, maskOf } from "../number-list.js";
import { checkOptions } from "../options.js";
import { finite, flag } from "../settings.js";
import { formatShape } from "../shape.js";
import { runAttention, runAttentionGradient, type AttentionPlan } from "./attention-plan.js";
import { expectInputs } from "./broadcast.js";
import type { Pointer, Shape, TakingOp, Value, Workspace } from "./op.js";
import { unwanted } from "./unwanted.js";

export interface ScaledDotProductAttentionAttributes {
  /** Whether query i sees the keys 0 to i only. Default false. */
  readonly causal?: boolean | undefined;
  /** Factor of the scores. Default 1/√d. */
  readonly scale?: number | undefined;
  /** `[batch, S]`, row-major: 0 hides a key from every query of its sequence. Default: none hidden. */
  readonly mask?: ArrayLike<number> | undefined;
}

/** As the op keeps them. */
interface Taken {
  readonly causal: boolean;
  readonly scale: number | undefined;
  readonly mask: Uint8Array | undefined;
}

const what = "scaledDotProductAttention";
const names = ["causal", "scale", "mask"];

function take(given: ScaledDotProductAttentionAttributes = {}): Taken {
  checkOptions(what, given, names);
  const { causal = false, scale, mask } = given;
  return {
    causal: flag(what, "causal", causal),
    scale: scale === undefined ? undefined : finite(what, "scale", scale),
    mask: mask === undefined ? undefined : maskOf(what, "mask", mask),
  };
}

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

function check([q, k, v]: readonly Shape[], { mask }: Taken): Shape {
  const shapes = `q ${formatShape(q!)}, k ${formatShape(k!)}, v ${formatShape(v!)}`;
  const fail = (what: string): never => {
    throw new ShapeError(`scaledDotProductAttention: ${shapes}: ${what}`, { q, k, v });
  };
  if (q!.length !== 4 || k!.length !== 4 || v!.length !== 4) return fail("each must be [batch, heads, length, d]");
  const [batch, heads, , d] = q as [number, number, number, number];
  const [kvBatch, kvHeads, keys, kvWidth] = k as [number, number, number, number];
  if (k!.some((length, i) => length !== v![i])) fail("k and v must have one shape");
  if (kvBatch !== batch) fail(`batches of ${batch} and ${kvBatch} differ`);
  if (kvWidth !== d) fail(`head widths ${d} and ${kvWidth} differ`);
  if (heads !== kvHeads && !(heads % kvHeads === 0)) fail(`${kvHeads} heads of k and v do not divide ${heads} of q`);
  if (mask !== undefined && mask.length !== batch * keys) {
    fail(`a mask for them has ${batch} × ${keys} numbers, got ${mask.length}`);
  }
  return q!;
}

function planFor(call: Workspace, q: Value, k: Value, attributes: Taken): AttentionPlan {
  const [batch, heads, rows, d] = q.shape as [number, number, number, number];
  const [, kvHeads, keys] = k.shape as [number, number, number, number];
  const { causal, scale = 1 / Math.sqrt(Math.max(d, 1)), mask } = attributes;
  const table = hostArray(what, Int32Array, 4 * batch);
  for (let b = 0; b < batch; b++) table.set([b * heads * rows, rows, b * kvHeads * keys, keys], 4 * b);
  return {
    table: call.upload(table),
    keyBias: mask === undefined ? 0 : call.upload(Float32Array.from(mask, (attend) => (attend ? 0 : -Infinity))),
    keyBiasStep: keys,
    longest: keys,
    sequences: batch,
    heads,
    kvHeads,
    headDim: d,
    q: { row: d, head: rows * d },
    kv: { row: d, head: keys * d },
    o: { row: d, head: rows * d },
    lseHead: rows,
    scale,
    causal,
  };
}

/**
 * y = softmax(scale·q·kᵀ)·v for each head: q `[batch, heads, T, d]`, k and v `[batch, kvHeads, S, d]` → `[batch, heads, T,
 * d]`. Query head h uses head h·kvHeads/heads of k and v. A query that may see no key gives 0.
 * With p = softmax, g = ∂y: ∂v = pᵀ·g, s = p·(g·vᵀ − Σ_c g·y), ∂q = scale·s·k, ∂k = scale·sᵀ·q. p is computed again
 * from the scores' log-sum-exp, the one number a row that is kept.
 */
export const scaledDotProductAttention: TakingOp<ScaledDotProductAttentionAttributes, Taken, Saved> = {
  name: what,
  take,
  shape(inputs, attributes) {
    expectInputs(what, inputs, 3);
    return check(inputs, attributes);
  },
  forward(call) {
    const [q, k, v] = call.inputs as [Value, Value, Value];
    const plan = planFor(call, q, k, call.attributes);
    const [batch, heads, rows] = q.shape as [number, number, number, number];
    const lse = call.recording ? call.allocate(batch * heads * rows) : call.scratch(batch * heads * rows);
    runAttention(call, plan, [q.pointer, k.pointer, v.pointer], call.output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    const { inputs, saved, gradient } = call;
    const pointers = [inputs[0]!.pointer, inputs[1]!.pointer, inputs[2]!.pointer] as const;
    const operands = { qkv: pointers, lse: saved.lse, gradient: gradient.pointer };
    // Where one node is several of q, k and v, their gradients go to one place, one after the other.
    const runs = new Set(pointers).size === 3 ? [[0, 1, 2]] : [[0], [1], [2]];
    for (const run of runs) {
      const [dq, dk, dv] = [0, 1, 2].map((i) => (run.includes(i) && call.wants(i) ? call.target(i) : unwanted));
      if (dq!.pointer + dk!.pointer + dv!.pointer === 0) continue;
      runAttentionGradient(call, saved.plan, operands, [dq!, dk!, dv!]);
    }
  },
};
