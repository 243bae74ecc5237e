import { or, readOptions } from "../../arguments/options.js";
import { nonNegative } from "../../arguments/settings.js";
import { checkNormalizedShape, rowsOf } from "./layer-norm.js";
import type { Pointer, TakingOp, Value } from "../op.js";

export interface RmsNormAttributes {
  /** Added to the mean square. Default 1e-6. */
  readonly eps?: number | undefined;
}

/**
 * y = x·rstd·weight over the last dimensions, those of the weight, rstd = 1/√(mean(x²) + eps).
 * Inputs are x and weight.
 * With h = g·weight and x̂ = x·rstd: ∂x = rstd·(h − x̂·mean(h·x̂)), ∂weight = Σ g·x̂.
 */
export const rmsNorm: TakingOp<RmsNormAttributes, { readonly eps: number }, Pointer> = {
  name: "rmsNorm",
  take: (given = {}, what) => readOptions(what, given, { eps: or(1e-6, nonNegative) }),
  shape([x, weight], _, what) {
    checkNormalizedShape(what, x!, weight!);
    return x!;
  },
  forward(call) {
    const [x, weight] = call.inputs as [Value, Value];
    const [rows, columns] = rowsOf(x, weight.size);
    const rstd = call.keep(rows);
    const { eps } = call.attributes;
    call.kernels.rms_norm_forward(x.pointer, weight.pointer, call.output.pointer, rstd, rows, columns, eps);
    return rstd;
  },
  backward(call) {
    const [x, weight] = call.inputs as [Value, Value];
    const [rows, columns] = rowsOf(x, weight.size);
    const dx = call.targetIfWanted(0);
    const dw = call.targetIfWanted(1);
    call.kernels.rms_norm_gradient(
      call.gradient.pointer,
      x.pointer,
      weight.pointer,
      call.saved,
      dx.pointer,
      dw.pointer,
      rows,
      columns,
      dx.accumulate,
      dw.accumulate,
    );
  },
};
