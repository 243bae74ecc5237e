import { ShapeError } from "../../errors/errors.js";
import { checkSize, formatShape, listOf } from "../../values/tensor.js";
import { checkExpands } from "../elementwise/broadcast.js";
import type { Shape, TakingOp } from "../op.js";
import { expandTo, sumTo } from "../reduction/sum-to.js";

function expanded([x]: readonly Shape[], to: Shape, what: string): Shape {
  const from = x!;
  const lead = to.length - from.length;
  const lengths = to.map((length, d) => (length === -1 ? (from[d - lead] ?? length) : length));
  if (!lengths.every((length) => Number.isSafeInteger(length) && length >= 0)) {
    const message = "lengths are whole numbers from 0, or -1 for the input's own";
    const details = { option: "shape", value: to };
    throw new ShapeError(`${what}: ${formatShape(from)} to ${formatShape(to)}: ${message}`, details);
  }
  checkExpands(what, from, lengths);
  return checkSize(what, lengths);
}

/**
 * y = x repeated along dimensions of length 1 and along new leading ones; ∂x = Σ g over them. The attribute is the shape
 * to repeat to, -1 keeping the input's length.
 */
export const expand: TakingOp<Shape, Shape, void> = {
  name: "expand",
  take: (shape, what) => listOf(what, "shape", shape!),
  shape: expanded,
  forward(call) {
    const { shape, pointer } = call.inputs[0]!;
    expandTo(call, pointer, shape, call.output.shape, { pointer: call.output.pointer, accumulate: 0 });
  },
  backward(call) {
    const { gradient } = call;
    sumTo(call, gradient.pointer, gradient.shape, call.inputs[0]!.shape, call.target(0));
  },
};
