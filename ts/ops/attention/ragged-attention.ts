import { ShapeError } from "../../errors/errors.js";
import { optional, or, readOptions } from "../../arguments/read-options.js";
import { finite, flag, whole } from "../../arguments/settings.js";
import { type AttentionPlanStruct, noDistances } from "../../engine/struct.js";
import { floatsOf } from "../../values/number-list.js";
import { wrongShape } from "../../values/shape.js";
import { type AttentionPlan, PlanWords, runAttention, runAttentionGradient, usualScale } from "./attention-plan.js";
import { checkOffsets, offsets } from "../shape/offsets.js";
import type { Pointer, Shape, TakingOp, Value, Workspace } from "../op.js";

export interface RaggedAttentionAttributes {
  /** Starts of the sequences in the token rows and, last, the number of tokens: `[batch + 1]`. */
  readonly offsets: ArrayLike<number>;
  readonly heads: number;
  /** Factor of the scores. Default 1/√d, d = hidden / heads. */
  readonly scale?: number | undefined;
  /** Whether a token sees itself and the tokens before it only. Default false. */
  readonly causal?: boolean | undefined;
  /** A token sees those at most so far from it. Default: all. */
  readonly window?: number | undefined;
  /**
   * Added to the scores by head and distance i − j of query i and key j: `[heads, 2·n − 1]`, distance 0 in the middle, n no less
   * than the longest sequence. No gradient goes to it. Default: none.
   */
  readonly distanceBias?: ArrayLike<number> | undefined;
}

/** As the op keeps them. */
interface Taken {
  readonly offsets: Int32Array;
  readonly heads: number;
  readonly scale: number | undefined;
  readonly causal: boolean;
  readonly window: number | undefined;
  readonly distanceBias: Float32Array | undefined;
}

const readers = {
  offsets,
  heads: (what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 30),
  scale: optional(finite),
  causal: or(false, flag),
  window: optional((what: string, name: string, value: unknown) => whole(what, name, value, 0, 2 ** 31 - 1)),
  distanceBias: optional(floatsOf),
};

interface Saved {
  readonly plan: AttentionPlan;
  readonly lse: Pointer;
}

/** Most tokens in a sequence. */
export const longestOf = (offsets: Int32Array) =>
  offsets.reduce((most, end, i) => (i === 0 ? 0 : Math.max(most, end - offsets[i - 1]!)), 0);

/** How the kernels go over the sequences of qkv `[tokens, 3·hidden]`. */
export function raggedPlan(
  call: Workspace,
  qkv: Value,
  attributes: Pick<Taken, "offsets" | "heads" | "scale" | "causal">,
  distances: Partial<AttentionPlanStruct>,
): AttentionPlan {
  const [tokens, width] = qkv.shape as [number, number];
  const { offsets, heads, causal } = attributes;
  const [sequences, headDim] = [offsets.length - 1, width / 3 / heads];
  const words = new PlanWords("raggedAttention", sequences);
  for (let s = 0; s < sequences; s++) {
    const [start, length] = [offsets[s]!, offsets[s + 1]! - offsets[s]!];
    words.row(s, [start, length, start, length]);
  }
  return words.upload(call, longestOf(offsets), {
    keyBias: 0, sequences, heads, kvHeads: heads, headDim, qRow: width, qHead: headDim, kvRow: width, kvHead: headDim,
    oRow: width / 3, oHead: headDim, lseHead: tokens, keyBiasStep: 0,
    scale: attributes.scale ?? usualScale(headDim), causal: causal ? 1 : 0, ...noDistances, ...distances,
  }); // prettier-ignore
}

/** Queries that the kernels read at once: the last ones' distances reach beyond the longest sequence by one less. */
const BEYOND = 7;

/**
 * The distances of `rows` rows of `2·n − 1` that sequences of `longest` tokens have, as the kernels read them: where distance 0 of
 * the first row lies, and how far the rows are apart.
 */
export function uploadDistances<T extends Float32Array | Int32Array>(
  call: Workspace,
  table: T,
  rows: number,
  longest: number,
): { readonly pointer: Pointer; readonly step: number } {
  const [columns, reach] = [table.length / rows, Math.max(longest, 1) - 1];
  const [middle, step] = [(columns - 1) / 2, 2 * reach + 1 + BEYOND];
  const words = table instanceof Float32Array ? new Float32Array(rows * step) : new Int32Array(rows * step);
  for (let row = 0; row < rows; row++) {
    const start = row * columns + middle - reach;
    words.set(table.subarray(start, start + 2 * reach + 1), row * step);
  }
  return { pointer: call.upload(words) + 4 * reach, step };
}

/** Throws `ShapeError` unless a table of distances has `rows` rows of `2·n − 1` for sequences of up to n tokens. */
export function checkDistances(what: string, name: string, length: number, rows: number, longest: number): void {
  const columns = length / rows;
  if (Number.isInteger(columns) && columns % 2 === 1 && columns >= 2 * longest - 1) return;
  const expected = `${rows === 1 ? "" : `${rows} rows of `}2·n − 1 numbers, n no less than the longest sequence's ${longest} tokens`;
  throw new ShapeError(`${what}: ${name} must be ${expected}; got ${length} numbers`, {
    op: what,
    option: name,
    length,
  });
}

function distancesOf(call: Workspace, { window, distanceBias, heads, offsets }: Taken): Partial<AttentionPlanStruct> {
  const far = window === undefined ? {} : { window };
  if (distanceBias === undefined) return far;
  const { pointer, step } = uploadDistances(call, distanceBias, heads, longestOf(offsets));
  return { ...far, distanceBias: pointer, distanceBiasStep: step };
}

/** Shape of the result. */
export function raggedShape(qkv: Shape, offsets: Int32Array, heads: number, what: string): Shape {
  const [tokens, width] = qkv as [number, number];
  if (qkv.length !== 2 || width % (3 * heads) !== 0) {
    throw wrongShape(what, "qkv", `[tokens, 3·hidden], hidden a multiple of ${heads} heads`, qkv);
  }
  checkOffsets(what, offsets, tokens);
  return [tokens, width / 3];
}

/** q, k and v are column blocks of one tensor: a third of a row apart. */
export function columnBlocks(pointer: Pointer, { shape }: Value): Pointer[] {
  const block = (4 * shape[1]!) / 3;
  return [pointer, pointer + block, pointer + 2 * block];
}

/**
 * Attention within each sequence of a ragged batch: qkv `[tokens, 3·hidden]` holds q, k and v side by side, head h in the
 * columns h·d to (h + 1)·d of each → `[tokens, hidden]`. y = softmax(scale·q·kᵀ)·v for each sequence and head; gradients
 * as `scaledDotProductAttention`; scores may have a bias by distance, and end at a window. No token is padding, so none is computed for nothing.
 */
export const raggedAttention: TakingOp<RaggedAttentionAttributes, Taken, Saved> = {
  name: "raggedAttention",
  take: (given, what) => readOptions(what, given, readers),
  shape([qkv], { offsets, heads, distanceBias }, what) {
    const shape = raggedShape(qkv!, offsets, heads, what);
    if (distanceBias !== undefined)
      checkDistances(what, "distanceBias", distanceBias.length, heads, longestOf(offsets));
    return shape;
  },
  forward(call) {
    const qkv = call.inputs[0]!;
    const plan = raggedPlan(call, qkv, call.attributes, distancesOf(call, call.attributes));
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
