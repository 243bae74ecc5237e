import { ShapeError } from "../errors.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf } from "./dimensions.js";
import type { Op } from "./op.js";

export interface PadAttributes {
  /** Dimension to lengthen; negative ones count from the end. */
  readonly dim: number;
  /** Places added in front; default 0. */
  readonly before?: number | undefined;
  /** Places added behind; default 0. */
  readonly after?: number | undefined;
  /** What fills them; default 0. */
  readonly value?: number | undefined;
}

/** y = x with constant places around it along one dimension; ∂x = g without them. */
export const pad: Op<PadAttributes, void> = {
  name: "pad",
  shape(inputs, { dim, before = 0, after = 0 }) {
    expectInputs("pad", inputs, 1);
    const axis = dimensionOf("pad", inputs[0]!, dim);
    if (![before, after].every((count) => Number.isSafeInteger(count) && count >= 0)) {
      throw new ShapeError(`pad: ${before} before and ${after} after: takes whole numbers from 0`, { before, after });
    }
    return inputs[0]!.map((length, d) => (d === axis ? before + length + after : length));
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { output } = call;
    const { dim, before = 0, value = 0 } = call.attributes;
    const axis = dimensionOf("pad", x.shape, dim);
    call.kernels.fill(output.size, value, output.pointer);
    copyAlong(call, axis, x.shape[axis]!, wholeOf(x), { ...wholeOf(output), start: before });
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape } = call.inputs[0]!;
    const { dim, before = 0 } = call.attributes;
    const axis = dimensionOf("pad", shape, dim);
    const { pointer, accumulate } = call.target(0);
    const from = { ...wholeOf(call.gradient), start: before };
    copyAlong(call, axis, shape[axis]!, from, wholeOf({ pointer, shape }), accumulate);
  },
};
