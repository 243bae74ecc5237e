import { checkShape } from "../../values/shape.js";
import { readOptions } from "../../arguments/read-options.js";
import { type LossReduction, readReduction } from "./loss-reduction.js";
import type { Shape, TakingOp } from "../op.js";

export interface MseLossAttributes {
  /** Default "mean": over all elements. */
  readonly reduction?: LossReduction | undefined;
}

const readers = { reduction: readReduction };

/** Factor of each element's loss. The mean of nothing is 0 (PyTorch gives NaN). */
const scaleOf = (reduction: LossReduction, size: number) => (reduction === "mean" && size > 0 ? 1 / size : 1);

/**
 * loss = (x − y)², x and y of one shape; their mean (default), their sum, or each with reduction "none".
 * ∂x = 2·g·(x − y), divided by the number of elements for a mean; ∂y = −∂x.
 */
export const mseLoss: TakingOp<MseLossAttributes, LossReduction, void> = {
  name: "mseLoss",
  take: (given = {}, what) => readOptions(what, given, readers).reduction,
  shape(inputs, reduction, what) {
    const [x, y] = inputs as [Shape, Shape];
    checkShape(what, "the target", y, x, "the input's ");
    return reduction === "none" ? x : [];
  },
  forward({ kernels, inputs, output, attributes }) {
    const [x, y] = [inputs[0]!, inputs[1]!];
    if (attributes === "none") {
      kernels.mse_loss_forward(x.pointer, y.pointer, output.pointer, x.size);
    } else {
      kernels.mse_loss_total(x.pointer, y.pointer, output.pointer, x.size, scaleOf(attributes, x.size));
    }
  },
  backward(call) {
    const { kernels, gradient, inputs, attributes } = call;
    const scale = 2 * scaleOf(attributes, inputs[0]!.size);
    const step = attributes === "none" ? 1 : 0;
    for (const i of [0, 1]) {
      if (!call.wants(i)) continue;
      // The gradient of y is that of x with the two exchanged.
      const [x, y] = [inputs[i]!, inputs[1 - i]!];
      const { pointer, accumulate } = call.target(i);
      kernels.mse_loss_gradient(gradient.pointer, x.pointer, y.pointer, pointer, x.size, scale, step, accumulate);
    }
  },
};
