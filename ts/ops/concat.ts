import { ShapeError } from "../errors.js";
import { clip } from "../excerpt.js";
import { checkSize, formatShape } from "../shape.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { dimensionOf } from "./dimensions.js";
import type { Op, Shape } from "./op.js";

export interface ConcatAttributes {
  /** Dimension to join along; negative ones count from the end. */
  readonly dim: number;
}

function check(inputs: readonly Shape[], dim: number): number {
  if (inputs.length === 0) throw new ShapeError("concat: takes one tensor or more, got none");
  const axis = dimensionOf("concat", inputs[0]!, dim);
  for (const shape of inputs) {
    if (shape.length !== inputs[0]!.length || shape.some((length, d) => d !== axis && length !== inputs[0]![d])) {
      const shapes = clip(inputs.map(formatShape).join(", "));
      throw new ShapeError(`concat: ${shapes} along dimension ${dim}: the other lengths must be equal`, {
        inputs,
        dim,
      });
    }
  }
  return axis;
}

/** y = the inputs one after the other along one dimension; ∂xᵢ = its part of g. */
export const concat: Op<ConcatAttributes, void> = {
  name: "concat",
  shape(inputs, { dim }) {
    const axis = check(inputs, dim);
    const total = inputs.reduce((sum, shape) => sum + shape[axis]!, 0);
    return checkSize(
      "concat",
      inputs[0]!.map((length, d) => (d === axis ? total : length)),
    );
  },
  forward(call) {
    const { output, inputs, attributes } = call;
    const dim = dimensionOf("concat", output.shape, attributes.dim);
    let start = 0;
    for (const x of inputs) {
      const count = x.shape[dim]!;
      copyAlong(call, dim, count, wholeOf(x), { ...wholeOf(output), start });
      start += count;
    }
  },
  backward(call) {
    const { gradient, inputs, attributes } = call;
    const dim = dimensionOf("concat", gradient.shape, attributes.dim);
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
