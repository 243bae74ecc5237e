import { wrongShape } from "../../values/tensor.js";
import type { BackwardCall, Op, Pointer, Shape, Workspace } from "../op.js";
import { sumTo } from "../reduction/sum-to.js";
import { checkSequences, refuseStates, type SequenceState } from "./sequence-state.js";

export interface ShortConvAttributes {
  /** Starts of the sequences in the rows of x and, last, the number of rows: `[batch + 1]`. */
  readonly offsets: Int32Array;
  /** Each sequence's last width − 1 rows of x, `[width − 1, channels]`, the latest last. Default: each begins with zeros and keeps nothing. */
  readonly states?: readonly SequenceState[];
}

/** Channels and width of a weight `[channels, width]` or, as torch's Conv1d stores it, `[channels, 1, width]`. */
const sizesOf = (weight: Shape): [channels: number, width: number] => [weight[0]!, weight.at(-1)!];

/**
 * Causal convolution of each channel within each sequence, with few weights: x `[tokens, channels]`, weight `[channels, width]` →
 * `[tokens, channels]`. y[t] = Σ_j w[·, j] ⊙ x[t − width + 1 + j], with the state or zeros before a sequence's first row; ∂x[t] = Σ_j
 * w[·, j] ⊙ g[t + width − 1 − j] within the sequence, ∂w[·, j] = Σ_t g[t] ⊙ x[t − width + 1 + j]. A sequence has the same bits alone, in
 * a batch and in pieces with a state. No gradient with states.
 */
export const shortConv: Op<ShortConvAttributes, void> = {
  name: "shortConv",
  shape([x, weight], { offsets, states }, what) {
    if (![2, 3].includes(weight!.length) || weight!.at(-1) === 0 || (weight!.length === 3 && weight![1] !== 1))
      throw wrongShape(what, "weight", "[channels, width], width at least 1", weight!);
    const [channels] = sizesOf(weight!);
    if (x!.length !== 2 || x![1] !== channels) throw wrongShape(what, "x", `[tokens, ${channels}]`, x!);
    checkSequences(what, offsets, x![0]!, states);
    return x!;
  },
  forward(call) {
    const { inputs, output } = call;
    const [channels, width] = sizesOf(inputs[1]!.shape);
    const [weight, zeros] = [byRows(call, inputs[1]!.pointer, channels, width), noRows(call, channels, width)];
    eachSequence(call.attributes, (start, length, state) => {
      const [x, y] = [inputs[0]!, output].map(({ pointer }) => pointer + 4 * start * channels) as [Pointer, Pointer];
      const before = state?.before ?? zeros;
      for (let j = 0; j < width; j++) {
        const row = (base: Pointer, i: number) => base + 4 * i * channels;
        // The rows of y whose j-th term is a row of x, and those before.
        const shift = Math.min(width - 1 - j, length);
        const accumulate = j === 0 ? 0 : 1;
        multiply(call, { rows: shift, channels }, row(before, j), row(weight, j), y, accumulate);
        multiply(call, { rows: length - shift, channels }, x, row(weight, j), row(y, shift), accumulate);
      }
      if (state) keepLast(call, { before, x, length, channels, kept: width - 1 }, state.after);
    });
  },
  backward(call) {
    refuseStates("shortConv", call.attributes.states);
    if (call.wants(0)) inputGradient(call);
    if (call.wants(1)) weightGradient(call);
  },
};

/** y[t] ← a[t] ⊙ b, added to y where `accumulate`, for rows t; b is one row, or as many as a if `repeats` is false. */
function multiply(
  { kernels }: Workspace,
  { rows, channels }: { readonly rows: number; readonly channels: number },
  a: Pointer,
  b: Pointer,
  y: Pointer,
  accumulate: 0 | 1,
  repeats = true,
): void {
  const step = repeats ? 0 : channels;
  if (rows * channels > 0) kernels.mul_forward(a, b, y, 1, rows, channels, 0, channels, 1, 0, step, 1, accumulate);
}

type Backward = BackwardCall<ShortConvAttributes, void>;

function inputGradient(call: Backward): void {
  const { inputs, gradient } = call;
  const [channels, width] = sizesOf(inputs[1]!.shape);
  const weight = byRows(call, inputs[1]!.pointer, channels, width);
  const { pointer, accumulate } = call.target(0);
  eachSequence(call.attributes, (start, length) => {
    const [g, dx] = [gradient.pointer, pointer].map((base) => base + 4 * start * channels) as [Pointer, Pointer];
    // The last weight first: its term is in every row.
    for (let shift = 0; shift < Math.min(width, length); shift++) {
      const [from, w] = [g + 4 * shift * channels, weight + 4 * (width - 1 - shift) * channels];
      multiply(call, { rows: length - shift, channels }, from, w, dx, shift === 0 ? accumulate : 1);
    }
  });
}

function weightGradient(call: Backward): void {
  const { kernels, inputs, gradient } = call;
  const [channels, width] = sizesOf(inputs[1]!.shape);
  const sums = call.scratch(width * channels);
  kernels.fill(width * channels, 0, sums);
  const products = call.scratch(inputs[0]!.size);
  eachSequence(call.attributes, (start, length) => {
    const [x, g] = [inputs[0]!, gradient].map(({ pointer }) => pointer + 4 * start * channels) as [Pointer, Pointer];
    for (let shift = 0; shift < Math.min(width, length); shift++) {
      const rows = length - shift;
      multiply(call, { rows, channels }, g + 4 * shift * channels, x, products, 0, false);
      const target = { pointer: sums + 4 * (width - 1 - shift) * channels, accumulate: 1 } as const;
      sumTo(call, products, [rows, channels], [channels], target);
    }
  });
  const { pointer, accumulate } = call.target(1);
  transpose(call, { from: sums, to: pointer, rows: channels, columns: width }, accumulate);
}

function eachSequence(
  { offsets, states }: ShortConvAttributes,
  visit: (start: number, length: number, state: SequenceState | undefined) => void,
): void {
  for (let s = 0; s + 1 < offsets.length; s++) visit(offsets[s]!, offsets[s + 1]! - offsets[s]!, states?.[s]);
}

/** The weight as `[width, channels]`. */
function byRows(call: Workspace, from: Pointer, channels: number, width: number): Pointer {
  const to = call.scratch(width * channels);
  transpose(call, { from, to, rows: width, columns: channels }, 0);
  return to;
}

/** The rows before a sequence without a state. */
function noRows(call: Workspace, channels: number, width: number): Pointer {
  const zeros = call.scratch((width - 1) * channels);
  call.kernels.fill((width - 1) * channels, 0, zeros);
  return zeros;
}

/** to `[rows, columns]` ← from `[columns, rows]`, transposed. */
function transpose(
  { kernels }: Workspace,
  { from, to, rows, columns }: { from: Pointer; to: Pointer; rows: number; columns: number },
  accumulate: 0 | 1,
): void {
  kernels.copy_strided(from, to, 1, 1, rows, columns, 0, 0, 1, rows, 0, 0, columns, 1, 1, accumulate);
}

/** Writes the last `kept` rows of `before` and x, one below the other. `after` may be `before`. */
function keepLast(
  { kernels }: Workspace,
  rows: { before: Pointer; x: Pointer; length: number; channels: number; kept: number },
  after: Pointer,
): void {
  const { before, x, length, channels, kept } = rows;
  const fresh = Math.min(length, kept);
  kernels.copy((kept - fresh) * channels, before + 4 * fresh * channels, after);
  kernels.copy(fresh * channels, x + 4 * (length - fresh) * channels, after + 4 * (kept - fresh) * channels);
}
