import { optional, or, readOptions } from "../../arguments/read-options.js";
import { finite, flag, whole } from "../../arguments/settings.js";
import { wrongShape } from "../../values/shape.js";
import { type AttentionPlan, PlanWords, runAttention, runAttentionGradient, usualScale } from "./attention-plan.js";
import { checkOffsets, offsets } from "../shape/offsets.js";
import type { Pointer, TakingOp, Value, Workspace } from "../op.js";

export interface RaggedAttentionAttributes {
  /** Starts of the sequences in the token rows and, last, the number of tokens: `[batch + 1]`. */
  readonly offsets: ArrayLike<number>;
  readonly heads: number;
  /** Factor of the scores. Default 1/√d, d = hidden / heads. */
  readonly scale?: number | undefined;
  /** Whether a token sees itself and the tokens before it only. Default false. */
  readonly causal?: boolean | undefined;
}

/** As the op keeps them. */
interface Taken {
  readonly offsets: Int32Array;
  readonly heads: number;
  readonly scale: number | undefined;
  readonly causal: boolean;
}

const readers = {
  offsets,
  heads: (what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 30),
  scale: optional(finite),
  causal: or(false, flag),
};

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

function planFor(call: Workspace, qkv: Value, attributes: Taken): AttentionPlan {
  const [tokens, width] = qkv.shape as [number, number];
  const { offsets, heads, causal } = attributes;
  const [sequences, headDim] = [offsets.length - 1, width / 3 / heads];
  const words = new PlanWords("raggedAttention", sequences);
  let longest = 0;
  for (let s = 0; s < sequences; s++) {
    const [start, length] = [offsets[s]!, offsets[s + 1]! - offsets[s]!];
    words.row(s, [start, length, start, length]);
    longest = Math.max(longest, length);
  }
  return words.upload(call, longest, {
    keyBias: 0, sequences, heads, kvHeads: heads, headDim, qRow: width, qHead: headDim, kvRow: width, kvHead: headDim,
    oRow: width / 3, oHead: headDim, lseHead: tokens, keyBiasStep: 0,
    scale: attributes.scale ?? usualScale(headDim), causal: causal ? 1 : 0,
  }); // prettier-ignore
}

/** q, k and v are column blocks of one tensor: a third of a row apart. */
function columnBlocks(pointer: Pointer, { shape }: Value): Pointer[] {
  const block = (4 * shape[1]!) / 3;
  return [pointer, pointer + block, pointer + 2 * block];
}

/**
 * Attention within each sequence of a ragged batch: qkv `[tokens, 3·hidden]` holds q, k and v side by side, head h in the
 * columns h·d to (h + 1)·d of each → `[tokens, hidden]`. y = softmax(scale·q·kᵀ)·v for each sequence and head; gradients
 * as `scaledDotProductAttention`. No token is padding, so none is computed for nothing.
 */
export const raggedAttention: TakingOp<RaggedAttentionAttributes, Taken, Saved> = {
  name: "raggedAttention",
  take: (given, what) => readOptions(what, given, readers),
  shape([qkv], { offsets, heads }, what) {
    const [tokens, width] = qkv as [number, number];
    if (qkv!.length !== 2 || width % (3 * heads) !== 0) {
      throw wrongShape(what, "qkv", `[tokens, 3·hidden], hidden a multiple of ${heads} heads`, qkv!);
    }
    checkOffsets(what, offsets, tokens);
    return [tokens, width / 3];
  },
  forward(call) {
    const qkv = call.inputs[0]!;
    const plan = planFor(call, qkv, call.attributes);
    const rows = qkv.shape[0]! * call.attributes.heads;
    const lse = call.keep(rows);
    runAttention(call, plan, columnBlocks(qkv.pointer, qkv), call.output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    const { saved, gradient } = call;
    const qkv = call.inputs[0]!;
    const { pointer, accumulate } = call.target(0);
    const blocks = columnBlocks(pointer, qkv);
    const operands = { qkv: columnBlocks(qkv.pointer, qkv), lse: saved.lse, gradient: gradient.pointer };
    runAttentionGradient(call, saved.plan, operands, blocks.map((pointer) => ({ pointer, accumulate }))); // prettier-ignore
  },
};
