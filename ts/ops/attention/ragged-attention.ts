import { ShapeError } from "../../errors/errors.js";
import { optional, or, readOptions } from "../../arguments/options.js";
import { finite, flag, whole } from "../../arguments/settings.js";
import type { AttentionPlanStruct } from "../../engine/struct.js";
import { floatsOf } from "../../values/number-list.js";
import { wrongShape } from "../../values/tensor.js";
import { type AttentionPlan, PlanWords, runAttention, runAttentionGradient, usualScale } from "./attention-plan.js";
import { checkOffsets, offsets } from "../shape/offsets.js";
import type { Pointer, Shape, TakingOp, Value, Workspace } from "../op.js";

export interface RaggedAttentionAttributes {
  /** Starts of the sequences in the token rows and, last, the number of tokens: `[batch + 1]`. */
  readonly offsets: ArrayLike<number>;
  readonly heads: number;
  /** Heads of keys and values, a divisor of `heads`: query head h uses h·kvHeads / heads. Default `heads`. */
  readonly kvHeads?: number | undefined;
  /** Factor of the scores. Default 1/√d, d the width of a head. */
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

/** The checked attributes. */
interface Taken {
  readonly offsets: Int32Array;
  readonly heads: number;
  readonly kvHeads: number | undefined;
  readonly scale: number | undefined;
  readonly causal: boolean;
  readonly window: number | undefined;
  readonly distanceBias: Float32Array | undefined;
}

const count = (what: string, name: string, value: unknown) => whole(what, name, value, 1, 2 ** 30);

const readers = {
  offsets,
  heads: count,
  kvHeads: optional(count),
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

/** Heads as a call says them. */
type Heads = Pick<Taken, "heads"> & Partial<Pick<Taken, "kvHeads">>;

/** Width of a head of qkv `[tokens, (heads + 2·kvHeads)·d]`. */
const headWidth = (width: number, { heads, kvHeads = heads }: Heads) => width / (heads + 2 * kvHeads);

/** How the kernels go over the sequences of qkv `[tokens, (heads + 2·kvHeads)·d]`. */
export function raggedPlan(
  call: Workspace,
  qkv: Value,
  attributes: Pick<Taken, "offsets" | "scale" | "causal"> & Heads,
  distances: Partial<AttentionPlanStruct>,
): AttentionPlan {
  const [tokens, width] = qkv.shape as [number, number];
  const { offsets, heads, kvHeads = heads, causal } = attributes;
  const [sequences, headDim] = [offsets.length - 1, headWidth(width, attributes)];
  const words = new PlanWords("raggedAttention", sequences);
  for (let s = 0; s < sequences; s++) {
    const [start, length] = [offsets[s]!, offsets[s + 1]! - offsets[s]!];
    words.row(s, [start, length, start, length]);
  }
  return words.upload(call, longestOf(offsets), {
    keyBias: 0, sequences, heads, kvHeads, headDim, qRow: width, qHead: headDim, kvRow: width, kvHead: headDim,
    oRow: heads * headDim, oHead: headDim, lseHead: tokens, keyBiasStep: 0,
    scale: attributes.scale ?? usualScale(headDim), causal: causal ? 1 : 0, ...distances,
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
export function raggedShape(qkv: Shape, offsets: Int32Array, given: Heads, what: string): Shape {
  const [tokens, width] = qkv as [number, number];
  const { heads, kvHeads = heads } = given;
  if (qkv.length !== 2 || heads % kvHeads !== 0 || !Number.isInteger(headWidth(width, given))) {
    const rest =
      kvHeads === heads
        ? `3·hidden], hidden a multiple of ${heads} heads`
        : `(heads + 2·kvHeads)·d], ${kvHeads} a divisor of ${heads} heads`;
    throw wrongShape(what, "qkv", `[tokens, ${rest}`, qkv);
  }
  checkOffsets(what, offsets, tokens);
  return [tokens, heads * headWidth(width, given)];
}

/** q, k and v are column blocks of one tensor. */
export function columnBlocks(pointer: Pointer, { shape }: Value, given: Heads): Pointer[] {
  const { heads, kvHeads = heads } = given;
  const head = 4 * headWidth(shape[1]!, given);
  return [pointer, pointer + heads * head, pointer + (heads + kvHeads) * head];
}

/**
 * Attention within each sequence of a ragged batch: qkv `[tokens, 3·hidden]` holds q, k and v side by side, head h in the
 * columns h·d to (h + 1)·d of each → `[tokens, hidden]`; with fewer heads of keys and values k and v are as much narrower. y = softmax(scale·q·kᵀ)·v for each sequence and head; gradients
 * as `scaledDotProductAttention`; scores may have a bias by distance, and end at a window. No token is padding, so none is computed for nothing.
 */
export const raggedAttention: TakingOp<RaggedAttentionAttributes, Taken, Saved> = {
  name: "raggedAttention",
  take: (given, what) => readOptions(what, given, readers),
  shape([qkv], attributes, what) {
    const { offsets, heads, distanceBias } = attributes;
    const shape = raggedShape(qkv!, offsets, attributes, what);
    if (distanceBias !== undefined)
      checkDistances(what, "distanceBias", distanceBias.length, heads, longestOf(offsets));
    return shape;
  },
  forward(call) {
    const qkv = call.inputs[0]!;
    const plan = raggedPlan(call, qkv, call.attributes, distancesOf(call, call.attributes));
    const rows = qkv.shape[0]! * call.attributes.heads;
    const lse = call.keep(rows);
    runAttention(call, plan, columnBlocks(qkv.pointer, qkv, call.attributes), call.output.pointer, lse);
    return { plan, lse };
  },
  backward(call) {
    const { saved, gradient } = call;
    const qkv = call.inputs[0]!;
    const { pointer, accumulate } = call.target(0);
    const blocks = columnBlocks(pointer, qkv, call.attributes);
    const operands = {
      qkv: columnBlocks(qkv.pointer, qkv, call.attributes),
      lse: saved.lse,
      gradient: gradient.pointer,
    };
    runAttentionGradient(call, saved.plan, operands, blocks.map((pointer) => ({ pointer, accumulate }))); // prettier-ignore
  },
};
