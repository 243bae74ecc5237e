import type { BackwardCall, ForwardCall, TakingOp } from "./op.js";
import { keptShape, reducedShape, type Reduction, type ReductionAttributes, takeReduction } from "./reduction.js";
import { expandTo, sumTo } from "./sum-to.js";

/** 1 / number of elements that one result is the mean of; infinite where there are none, so that their mean is NaN. */
function share(call: ForwardCall<Reduction> | BackwardCall<Reduction, void>): number {
  const { shape, size } = call.inputs[0]!;
  if (size > 0) return call.output.size / size;
  const kept = keptShape("mean", shape, call.attributes);
  return 1 / shape.reduce((count, length, d) => (kept[d] === 1 ? count * length : count), 1);
}

/** y = Σ x / n over some dimensions, NaN over no elements; ∂x = g / n repeated. */
export const mean: TakingOp<ReductionAttributes, Reduction, void> = {
  name: "mean",
  take: (given) => takeReduction("mean", given),
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
