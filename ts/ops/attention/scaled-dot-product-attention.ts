import { ShapeError } from "../../errors/errors.js";
import { maskOf } from "../../values/number-list.js";
import { optional, or, readOptions } from "../../arguments/options.js";
import { finite, flag } from "../../arguments/settings.js";
import { checkShape, formatShape, sizeOf } from "../../values/tensor.js";
import { type AttentionPlan, PlanWords, runAttention, runAttentionGradient, usualScale } from "./attention-plan.js";
import type { Pointer, Shape, TakingOp, Value, Workspace } from "../op.js";

export interface ScaledDotProductAttentionAttributes {
  /** Whether query i sees the keys 0 to i only. Default false. */
  readonly causal?: boolean | undefined;
  /** Factor of the scores. Default 1/√d. */
  readonly scale?: number | undefined;
  /** `[batch, S]`, row-major: 0 hides a key from every query of its sequence. Default: none hidden. */
  readonly mask?: ArrayLike<number> | undefined;
}

/** The checked attributes. */
interface Taken {
  readonly causal: boolean;
  readonly scale: number | undefined;
  readonly mask: Uint8Array | undefined;
}

const readers = {
  causal: or(false, flag),
  scale: optional(finite),
  mask: optional(maskOf),
};

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

function check(inputs: readonly Shape[], { mask }: Taken, what: string): Shape {
  const [q, k, v] = inputs as [Shape, Shape, Shape];
  const [batch, heads, , width] = q as [number, number, number, number];
  const [kvBatch, kvHeads, keys, kvWidth] = k as [number, number, number, number];
  checkShape(what, "v", v, k, "k's ");
  const wrong =
    q.length !== 4 || k.length !== 4
      ? "each must be [batch, heads, length, d]"
      : kvBatch !== batch || kvWidth !== width
        ? "batches and head widths must be the same"
        : heads !== kvHeads && heads % kvHeads !== 0
          ? `${kvHeads} heads do not divide ${heads}`
          : mask !== undefined && mask.length !== batch * keys
            ? `a mask for them has ${batch} × ${keys} numbers, got ${mask.length}`
            : "";
  if (wrong === "") return q;
  throw new ShapeError(`${what}: q ${formatShape(q)}, k and v ${formatShape(k)}: ${wrong}`, { op: what });
}

function planFor(call: Workspace, q: Value, k: Value, attributes: Taken): AttentionPlan {
  const [batch, heads, rows, d] = q.shape as [number, number, number, number];
  const [, kvHeads, keys] = k.shape as [number, number, number, number];
  const { causal, scale = usualScale(d), mask } = attributes;
  const words = new PlanWords("scaledDotProductAttention", batch);
  for (let b = 0; b < batch; b++) words.row(b, [b * heads * rows, rows, b * kvHeads * keys, keys]);
  const keyBias = mask === undefined ? 0 : call.upload(Float32Array.from(mask, (attend) => (attend ? 0 : -Infinity)));
  return words.upload(call, keys, {
    keyBias, sequences: batch, heads, kvHeads, headDim: d, qRow: d, qHead: rows * d, kvRow: d, kvHead: keys * d, oRow: d, oHead: rows * d,
    lseHead: rows, keyBiasStep: keys, scale, causal: causal ? 1 : 0,
  }); // prettier-ignore
}

/**
 * y = softmax(scale·q·kᵀ)·v for each head: q `[batch, heads, T, d]`, k and v `[batch, kvHeads, S, d]` → `[batch, heads, T,
 * d]`. Query head h uses head h·kvHeads/heads of k and v. A query that may see no key gives 0.
 * With p = softmax, g = ∂y: ∂v = pᵀ·g, s = p·(g·vᵀ − Σ_c g·y), ∂q = scale·s·k, ∂k = scale·sᵀ·q. p is computed again
 * from the scores' log-sum-exp, the one number a row that is kept.
 */
export const scaledDotProductAttention: TakingOp<ScaledDotProductAttentionAttributes, Taken, Saved> = {
  name: "scaledDotProductAttention",
  take: (given = {}, what) => readOptions(what, given, readers),
  shape: check,
  forward(call) {
    const { inputs, output } = call;
    const [q, k] = inputs as [Value, Value, Value];
    const plan = planFor(call, q, k, call.attributes);
    const lse = call.keep(sizeOf(q.shape.slice(0, -1)));
    runAttention(call, plan, inputs.map(pointerOf), output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    const { inputs, saved, gradient } = call;
    const qkv = inputs.map(pointerOf);
    const operands = { qkv, lse: saved.lse, gradient: gradient.pointer };
    // Where one node is several of q, k and v, their gradients go to one place, one after the other.
    const runs = new Set(qkv).size === 3 ? [[0, 1, 2]] : [[0], [1], [2]];
    for (const run of runs) {
      const targets = [0, 1, 2].map((i) => call.targetIfWanted(run.includes(i) ? i : -1));
      if (targets.some(({ pointer }) => pointer !== 0)) runAttentionGradient(call, saved.plan, operands, targets);
    }
  },
};

const pointerOf = ({ pointer }: Value): Pointer => pointer;
