import { axisOf, dimensionOf, viewAlong } from "../shape/dimensions.js";
import type { Op } from "../op.js";

export interface SoftmaxAttributes {
  /** Dimension whose elements compete; negative ones count from the end. */
  readonly dim: number;
}

function softmaxOp(name: string, kernel: "softmax" | "log_softmax"): Op<SoftmaxAttributes, void> {
  return {
    name,
    shape([x], { dim }) {
      dimensionOf(name, x!, dim);
      return x!;
    },
    forward({ kernels, inputs, output, attributes }) {
      const { outer, axis, inner } = viewAlong(output.shape, axisOf(output.shape, attributes.dim));
      kernels[`${kernel}_forward`](inputs[0]!.pointer, output.pointer, outer, axis, inner);
    },
    backward(call) {
      const { kernels, gradient, output, attributes } = call;
      const { outer, axis, inner } = viewAlong(output.shape, axisOf(output.shape, attributes.dim));
      const { pointer, accumulate } = call.target(0);
      kernels[`${kernel}_gradient`](gradient.pointer, output.pointer, pointer, outer, axis, inner, accumulate);
    },
  };
}

/** y = eˣ / Σ eˣ along `dim`, shifted by the largest x so that nothing overflows; ∂x = y·(g − Σ g·y). */
export const softmax: Op<SoftmaxAttributes, void> = softmaxOp("softmax", "softmax");

/** y = x − ln Σ eˣ along `dim`, shifted likewise; ∂x = g − eʸ·Σ g. */
export const logSoftmax: Op<SoftmaxAttributes, void> = softmaxOp("logSoftmax", "log_softmax");
