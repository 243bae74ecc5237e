import { ConfigError, ShapeError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { checkSize } from "../shape.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf } from "./dimensions.js";
import type { TakingOp } from "./op.js";

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

const names = ["dim", "before", "after", "value"];

/** y = x with constant places around it along one dimension; ∂x = g without them. */
export const pad: TakingOp<PadAttributes, { [name in keyof PadAttributes]-?: number }, void> = {
  name: "pad",
  take(given) {
    checkOptions("pad", given, names);
    const { dim, before = 0, after = 0, value = 0 } = given!;
    if (![before, after].every((count) => Number.isSafeInteger(count) && count >= 0)) {
      const came = `${excerpt(before)} before and ${excerpt(after)} after`;
      throw new ShapeError(`pad: ${came}: takes whole numbers from 0`, { before, after });
    }
    if (typeof value !== "number") throw new ConfigError(`pad: value is a number, got ${excerpt(value)}`, { value });
    return { dim, before, after, value };
  },
  shape(inputs, { dim, before, after }) {
    expectInputs("pad", inputs, 1);
    const axis = dimensionOf("pad", inputs[0]!, dim);
    return checkSize(
      "pad",
      inputs[0]!.map((length, d) => (d === axis ? before + length + after : length)),
    );
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { output } = call;
    const { dim, before, value } = call.attributes;
    const axis = dimensionOf("pad", x.shape, dim);
    call.kernels.fill(output.size, value, output.pointer);
    copyAlong(call, axis, x.shape[axis]!, wholeOf(x), { ...wholeOf(output), start: before });
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape } = call.inputs[0]!;
    const { dim, before } = call.attributes;
    const axis = dimensionOf("pad", shape, dim);
    const { pointer, accumulate } = call.target(0);
    const from = { ...wholeOf(call.gradient), start: before };
    copyAlong(call, axis, shape[axis]!, from, wholeOf({ pointer, shape }), accumulate);
  },
};
