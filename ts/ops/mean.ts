import type { BackwardCall, ForwardCall, Op } from "./op.js";
import { keptShape, reducedShape, type ReductionAttributes } from "./reduction.js";
import { expandTo, sumTo } from "./sum-to.js";

/** 1 / number of elements that one result is the mean of; infinite where there are none, so that their mean is NaN. */
function share(call: ForwardCall<ReductionAttributes> | BackwardCall<ReductionAttributes, void>): number {
  const { shape, size } = call.inputs[0]!;
  if (size > 0) return call.output.size / size;
  const kept = keptShape("mean", shape, call.attributes);
  return 1 / shape.reduce((count, length, d) => (kept[d] === 1 ? count * length : count), 1);
}

/** y = Σ x / n over some dimensions, NaN over no elements; ∂x = g / n repeated. */
export const mean: Op<ReductionAttributes, void> = {
  name: "mean",
  shape: (inputs, attributes) => reducedShape("mean", inputs, attributes),
  forward(call) {
    const { shape, pointer } = call.inputs[0]!;
    const kept = keptShape("mean", shape, call.attributes);
    sumTo(call, pointer, shape, kept, { pointer: call.output.pointer, accumulate: 0 }, share(call));
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape } = call.inputs[0]!;
    const kept = keptShape("mean", shape, call.attributes);
    expandTo(call, call.gradient.pointer, kept, shape, call.target(0), share(call));
  },
};
