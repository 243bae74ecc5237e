import { expectInputs } from "./broadcast.js";
import { dimensionOf, viewAlong, type AxisView } from "./dimensions.js";
import type { Op, Shape } from "./op.js";

export interface SoftmaxAttributes {
  /** Dimension whose elements compete; negative ones count from the end. Default −1. */
  readonly dim?: number | undefined;
}

function view(name: string, shape: Shape, { dim = -1 }: SoftmaxAttributes): AxisView {
  return viewAlong(shape, dimensionOf(name, shape, dim));
}

function softmaxOp(name: string, kernel: "softmax" | "log_softmax"): Op<SoftmaxAttributes, void> {
  return {
    name,
    shape(inputs, { dim = -1 }) {
      expectInputs(name, inputs, 1);
      dimensionOf(name, inputs[0]!, dim);
      return inputs[0]!;
    },
    forward({ kernels, inputs, output, attributes }) {
      const { outer, axis, inner } = view(name, output.shape, attributes);
      kernels[`${kernel}_forward`](inputs[0]!.pointer, output.pointer, outer, axis, inner);
    },
    backward(call) {
      if (!call.wants(0)) return;
      const { kernels, gradient, output } = call;
      const { outer, axis, inner } = view(name, output.shape, call.attributes);
      const { pointer, accumulate } = call.target(0);
      kernels[`${kernel}_gradient`](gradient.pointer, output.pointer, pointer, outer, axis, inner, accumulate);
    },
  };
}

/** y = eˣ / Σ eˣ along `dim`, shifted by the largest x so that nothing overflows; ∂x = y·(g − Σ g·y). */
export const softmax: Op<SoftmaxAttributes, void> = softmaxOp("softmax", "softmax");

/** y = x − ln Σ eˣ along `dim`, shifted likewise; ∂x = g − eʸ·Σ g. */
export const logSoftmax: Op<SoftmaxAttributes, void> = softmaxOp("logSoftmax", "log_softmax");
