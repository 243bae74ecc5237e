import { ConfigError, ShapeError } from "../errors.js";
import { formatShape } from "../tensor.js";
import { expectInputs } from "./broadcast.js";
import { checkOffsets } from "./offsets.js";
import type { BackwardCall, ForwardCall, Op, Pointer, Shape } from "./op.js";

/** Sequences of different lengths one after the other, or padded to one length with a mask. */
export type MeanPoolAttributes =
  | {
      /** Starts of the sequences in x `[tokens, d]` and, last, the number of tokens: `[batch + 1]`. */
      readonly offsets: ArrayLike<number>;
    }
  | {
      /** For x `[batch, T, d]`: `[batch, T]`, row-major, 0 where a token does not count. */
      readonly mask: ArrayLike<number>;
    };

/** Where the kernel finds each sequence's rows. */
interface Saved {
  readonly offsets: Pointer;
  /** Rows that count, in order; 0: all, as they come. */
  readonly rows: Pointer;
}

function check(x: Shape, attributes: MeanPoolAttributes): Shape {
  if ("offsets" in attributes) {
    if (x.length !== 2)
      throw new ShapeError(`meanPool: with offsets x must be [tokens, d], got ${formatShape(x)}`, { x });
    checkOffsets("meanPool", attributes.offsets, x[0]!);
    return [attributes.offsets.length - 1, x[1]!];
  }
  if (x.length !== 3)
    throw new ShapeError(`meanPool: with a mask x must be [batch, T, d], got ${formatShape(x)}`, { x });
  const [batch, length, d] = x as [number, number, number];
  if (attributes.mask.length !== batch * length) {
    const message = `meanPool: x ${formatShape(x)} needs a mask of ${batch * length} numbers, got ${attributes.mask.length}`;
    throw new ConfigError(message, { x });
  }
  return [batch, d];
}

function upload(call: ForwardCall<MeanPoolAttributes>): Saved {
  const { attributes } = call;
  if ("offsets" in attributes) return { offsets: call.upload(Int32Array.from(attributes.offsets)), rows: 0 };
  const [batch, length] = call.inputs[0]!.shape as [number, number, number];
  const [offsets, rows] = [new Int32Array(batch + 1), new Int32Array(batch * length)];
  let count = 0;
  for (let b = 0; b < batch; b++) {
    for (let row = b * length; row < (b + 1) * length; row++) if (attributes.mask[row]) rows[count++] = row;
    offsets[b + 1] = count;
  }
  return { offsets: call.upload(offsets), rows: call.upload(rows) };
}

/**
 * y[s, ·] = mean of the rows of x that belong to sequence s, 0 where there are none: `[tokens, d]` or `[batch, T, d]` →
 * `[batch, d]`. ∂x[j, ·] = g[s, ·] / (rows of s) for its rows, 0 for rows that don't count.
 */
export const meanPool: Op<MeanPoolAttributes, Saved> = {
  name: "meanPool",
  shape(inputs, attributes) {
    expectInputs("meanPool", inputs, 1);
    return check(inputs[0]!, attributes);
  },
  forward(call) {
    const saved = upload(call);
    const [batch, d] = call.output.shape as [number, number];
    const { kernels, inputs, output } = call;
    kernels.mean_pool_forward(inputs[0]!.pointer, saved.offsets, saved.rows, output.pointer, batch, d);
    return saved;
  },
  backward(call: BackwardCall<MeanPoolAttributes, Saved>) {
    if (!call.wants(0)) return;
    const { offsets, rows } = call.saved;
    const [batch, d] = call.output.shape as [number, number];
    const { pointer, accumulate } = call.target(0);
    // The kernel leaves rows that don't count alone.
    const clear = accumulate === 0 && rows !== 0;
    if (clear) call.kernels.fill(call.inputs[0]!.size, 0, pointer);
    call.kernels.mean_pool_gradient(call.gradient.pointer, offsets, rows, pointer, batch, d, clear ? 1 : accumulate);
  },
};
