import type { TakingOp } from "./op.js";
import { keptShape, reducedShape, type Reduction, type ReductionAttributes, takeReduction } from "./reduction.js";
import { expandTo, sumTo } from "./sum-to.js";

/** y = Σ x over some dimensions, 0 over none; ∂x = g repeated. */
export const sum: TakingOp<ReductionAttributes, Reduction, void> = {
  name: "sum",
  take: (given) => takeReduction("sum", given),
  shape: (inputs, attributes) => reducedShape("sum", inputs, attributes),
  forward(call) {
    const { shape, pointer } = call.inputs[0]!;
    const kept = keptShape("sum", shape, call.attributes);
    sumTo(call, pointer, shape, kept, { pointer: call.output.pointer, accumulate: 0 });
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape } = call.inputs[0]!;
    expandTo(call, call.gradient.pointer, keptShape("sum", shape, call.attributes), shape, call.target(0));
  },
};
