import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { nonNegative } from "../settings.js";
import { sizeOf } from "../shape.js";
import { checkNormalizedShape, rowsOf } from "./layer-norm.js";
import type { Pointer, TakingOp, Value } from "./op.js";
import { unwanted } from "./unwanted.js";

export interface RmsNormAttributes {
  /** Added to the mean square. Default 1e-6. */
  readonly eps?: number | undefined;
}

const names = ["eps"];

/** Elements of a row: the weight's, or the last dimension where there is no weight. */
const columnsOf = (x: Value, weight: Value | undefined) => sizeOf(weight?.shape ?? x.shape.slice(-1));

/**
 * y = x·rstd·weight over the last dimensions (the weight's shape, or the last one), rstd = 1/√(mean(x²) + eps). Inputs
 * `[x]` or `[x, weight]`.
 * With h = g·weight and x̂ = x·rstd: ∂x = rstd·(h − x̂·mean(h·x̂)), ∂weight = Σ g·x̂.
 */
export const rmsNorm: TakingOp<RmsNormAttributes, { readonly eps: number }, Pointer> = {
  name: "rmsNorm",
  take(given = {}) {
    checkOptions("rmsNorm", given, names);
    const { eps = 1e-6 } = given;
    return { eps: nonNegative("rmsNorm", "eps", eps) };
  },
  shape(inputs) {
    const [x, weight] = inputs;
    if (x === undefined || inputs.length > 2) {
      throw new ShapeError(`rmsNorm: takes x and weight, got ${inputs.length} inputs`);
    }
    checkNormalizedShape("rmsNorm", x, weight ?? x.slice(-1));
    return x;
  },
  forward(call) {
    const [x, weight] = call.inputs as [Value, Value?];
    const [rows, columns] = rowsOf(x, columnsOf(x, weight));
    const rstd = call.recording ? call.allocate(rows) : call.scratch(rows);
    const { eps } = call.attributes;
    call.kernels.rms_norm_forward(x.pointer, weight?.pointer ?? 0, call.output.pointer, rstd, rows, columns, eps);
    return rstd;
  },
  backward(call) {
    const [x, weight] = call.inputs as [Value, Value?];
    const [rows, columns] = rowsOf(x, columnsOf(x, weight));
    const dx = call.wants(0) ? call.target(0) : unwanted;
    const dw = weight !== undefined && call.wants(1) ? call.target(1) : unwanted;
    call.kernels.rms_norm_gradient(
      call.gradient.pointer,
      x.pointer,
      weight?.pointer ?? 0,
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
