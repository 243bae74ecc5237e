import { ShapeError } from "../../errors/errors.js";
import { or, readOptions } from "../../arguments/options.js";
import { number, whole } from "../../arguments/settings.js";
import { checkSize } from "../../values/tensor.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { axisOf, dimensionOf, unchecked, withLength } from "./dimensions.js";
import type { TakingOp } from "../op.js";

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

/** Places added on one side. */
const places = or(0, (what, name, value) => whole(what, name, value, 0, Number.MAX_SAFE_INTEGER, ShapeError));
const readers = { dim: unchecked, before: places, after: places, value: or(0, number) };

/** y = x with constant places around it along one dimension; ∂x = g without them. */
export const pad: TakingOp<PadAttributes, { readonly [name in keyof PadAttributes]-?: number }, void> = {
  name: "pad",
  take: (given, what) => readOptions(what, given, readers),
  shape([x], { dim, before, after }, what) {
    const axis = dimensionOf(what, x!, dim);
    return checkSize(what, withLength(x!, axis, before + x![axis]! + after));
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { output } = call;
    const { dim, before, value } = call.attributes;
    const axis = axisOf(x.shape, dim);
    call.kernels.fill(output.size, value, output.pointer);
    copyAlong(call, axis, x.shape[axis]!, wholeOf(x), { ...wholeOf(output), start: before });
  },
  backward(call) {
    const { shape } = call.inputs[0]!;
    const { dim, before } = call.attributes;
    const axis = axisOf(shape, dim);
    const { pointer, accumulate } = call.target(0);
    const from = { ...wholeOf(call.gradient), start: before };
    copyAlong(call, axis, shape[axis]!, from, wholeOf({ pointer, shape }), accumulate);
  },
};
