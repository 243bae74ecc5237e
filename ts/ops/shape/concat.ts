import { ShapeError } from "../../errors/errors.js";
import { checkShape, checkSize } from "../../values/tensor.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { axisOf, dimensionOf, withLength } from "./dimensions.js";
import type { Op, Shape } from "../op.js";

export interface ConcatAttributes {
  /** Dimension to join along; negative ones count from the end. */
  readonly dim: number;
}

function joined(inputs: readonly Shape[], dim: number, what: string): Shape {
  const [first] = inputs;
  if (first === undefined) throw new ShapeError(`${what}: takes one tensor or more, got none`, { op: what });
  const axis = dimensionOf(what, first, dim);
  for (const shape of inputs) checkShape(what, "each", shape, withLength(first, axis, shape[axis] ?? 0));
  return withLength(first, axis, inputs.reduce((sum, shape) => sum + shape[axis]!, 0)); // prettier-ignore
}

/** y = the inputs one after the other along one dimension; ∂xᵢ = its part of g. */
export const concat: Op<ConcatAttributes, void> = {
  name: "concat",
  shape: (inputs, { dim }, what) => checkSize(what, joined(inputs, dim, what)),
  forward(call) {
    const { output, inputs, attributes } = call;
    const dim = axisOf(output.shape, attributes.dim);
    let start = 0;
    for (const x of inputs) {
      const count = x.shape[dim]!;
      copyAlong(call, dim, count, wholeOf(x), { ...wholeOf(output), start });
      start += count;
    }
  },
  backward(call) {
    const { gradient, inputs, attributes } = call;
    const dim = axisOf(gradient.shape, attributes.dim);
    let start = 0;
    inputs.forEach(({ shape }, i) => {
      const count = shape[dim]!;
      if (call.wants(i)) {
        const { pointer, accumulate } = call.target(i);
        copyAlong(call, dim, count, { ...wholeOf(gradient), start }, wholeOf({ pointer, shape }), accumulate);
      }
      start += count;
    });
  },
};
