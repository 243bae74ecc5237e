import { ShapeError } from "../errors.js";
import { hostArray, integersOf } from "../number-list.js";
import { checkOptions } from "../options.js";
import { finite, flag, whole } from "../settings.js";
import { formatShape } from "../shape.js";
import { runAttention, runAttentionGradient, type AttentionPlan } from "./attention-plan.js";
import { expectInputs } from "./broadcast.js";
import { checkOffsets } from "./offsets.js";
import type { Pointer, TakingOp, Value, Workspace } from "./op.js";

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

const names = ["offsets", "heads", "scale", "causal"];

function take(given: RaggedAttentionAttributes | undefined): Taken {
  checkOptions("raggedAttention", given, names);
  const { offsets, heads, scale, causal = false } = given!;
  return {
    heads: whole("raggedAttention", "heads", heads, 1, 2 ** 30),
    scale: scale === undefined ? undefined : finite("raggedAttention", "scale", scale),
    causal: flag("raggedAttention", "causal", causal),
    offsets: integersOf("raggedAttention", "offsets", offsets).data,
  };
}

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

function planFor(call: Workspace, qkv: Value, attributes: Taken): AttentionPlan {
  const [tokens, width] = qkv.shape as [number, number];
  const { offsets, heads, causal } = attributes;
  const [sequences, headDim] = [offsets.length - 1, width / 3 / heads];
  const table = hostArray("raggedAttention", Int32Array, 4 * sequences);
  let longest = 0;
  for (let s = 0; s < sequences; s++) {
    const [start, length] = [offsets[s]!, offsets[s + 1]! - offsets[s]!];
    table.set([start, length, start, length], 4 * s);
    longest = Math.max(longest, length);
  }
  const rows = { row: width, head: headDim };
  return {
    table: call.upload(table),
    keyBias: 0,
    keyBiasStep: 0,
    longest,
    sequences,
    heads,
    kvHeads: heads,
    headDim,
    q: rows,
    kv: rows,
    o: { row: width / 3, head: headDim },
    lseHead: tokens,
    scale: attributes.scale ?? 1 / Math.sqrt(Math.max(headDim, 1)),
    causal,
  };
}

/** q, k and v are column blocks of one tensor: a third of a row apart. */
function columnBlocks(pointer: Pointer, { shape }: Value): [Pointer, Pointer, Pointer] {
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
  take,
  shape(inputs, { offsets, heads }) {
    expectInputs("raggedAttention", inputs, 1);
    const qkv = inputs[0]!;
    if (qkv.length !== 2 || qkv[1]! % (3 * heads) !== 0) {
      const message = `raggedAttention: qkv ${formatShape(qkv)} must be [tokens, 3·hidden], hidden a multiple of ${heads} heads`;
      throw new ShapeError(message, { qkv, heads });
    }
    checkOffsets("raggedAttention", offsets, qkv[0]!);
    return [qkv[0]!, qkv[1]! / 3];
  },
  forward(call) {
    const qkv = call.inputs[0]!;
    const plan = planFor(call, qkv, call.attributes);
    const rows = qkv.shape[0]! * plan.heads;
    const lse = call.recording ? call.allocate(rows) : call.scratch(rows);
    runAttention(call, plan, columnBlocks(qkv.pointer, qkv), call.output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { saved, gradient } = call;
    const qkv = call.inputs[0]!;
    const { pointer, accumulate } = call.target(0);
    const blocks = columnBlocks(pointer, qkv);
    const operands = {
      qkv: columnBlocks(qkv.pointer, qkv),
      lse: saved.lse,
      gradient: gradient.pointer,
    };
    const target = (i: 0 | 1 | 2) => ({ pointer: blocks[i], accumulate });
    runAttentionGradient(call, saved.plan, operands, [target(0), target(1), target(2)]);
  },
};
