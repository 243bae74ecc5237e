import { checkExpands, expectInputs } from "./broadcast.js";
import type { Op, Shape } from "./op.js";
import { expandTo, sumTo } from "./sum-to.js";

export interface ExpandAttributes {
  /** Shape to repeat to; -1 keeps the input's length. */
  readonly shape: Shape;
}

/** y = x repeated along dimensions of length 1 and along new leading ones; ∂x = Σ g over them. */
export const expand: Op<ExpandAttributes, void> = {
  name: "expand",
  shape(inputs, { shape }) {
    expectInputs("expand", inputs, 1);
    const from = inputs[0]!;
    const lead = shape.length - from.length;
    const to = shape.map((length, d) => (length === -1 ? (from[d - lead] ?? length) : length));
    checkExpands("expand", from, to);
    return to;
  },
  forward(call) {
    const { shape, pointer } = call.inputs[0]!;
    expandTo(call, pointer, shape, call.output.shape, { pointer: call.output.pointer, accumulate: 0 });
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { gradient } = call;
    sumTo(call, gradient.pointer, gradient.shape, call.inputs[0]!.shape, call.target(0));
  },
};
