import type { BackwardCall, ForwardCall, TakingOp } from "../op.js";
import { keptShape, reducedShape, type Reduction, type ReductionAttributes, takeReduction } from "./reduction.js";
import { expandTo, sumTo } from "./sum-to.js";

type Call = ForwardCall<Reduction> | BackwardCall<Reduction, void>;

/** y = factor · Σ x over some dimensions. */
function summing(name: string, factor: (call: Call) => number): TakingOp<ReductionAttributes, Reduction, void> {
  const kept = ({ inputs, attributes }: Call) => keptShape(name, inputs[0]!.shape, attributes);
  return {
    name,
    take: takeReduction,
    shape: reducedShape,
    forward(call) {
      const { shape, pointer } = call.inputs[0]!;
      sumTo(call, pointer, shape, kept(call), { pointer: call.output.pointer, accumulate: 0 }, factor(call));
    },
    backward(call) {
      expandTo(call, call.gradient.pointer, kept(call), call.inputs[0]!.shape, call.target(0), factor(call));
    },
  };
}

/** y = Σ x over some dimensions, 0 over none; ∂x = g repeated. */
export const sum: TakingOp<ReductionAttributes, Reduction, void> = summing("sum", () => 1);

/** y = Σ x / n over some dimensions, NaN over no elements; ∂x = g / n repeated. */
export const mean: TakingOp<ReductionAttributes, Reduction, void> = summing(
  "mean",
  // Infinite where results are the mean of nothing, so that 0 times it is NaN.
  ({ inputs, output }) => output.size / inputs[0]!.size,
);
