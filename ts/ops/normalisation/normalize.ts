import { check } from "../../arguments/settings.js";
import { wrongShape } from "../../values/tensor.js";
import { or, readOptions } from "../../arguments/options.js";
import { rowsOf } from "./layer-norm.js";
import type { Pointer, TakingOp } from "../op.js";

export interface NormalizeAttributes {
  /** Least divisor; default 1e-12. */
  readonly eps?: number | undefined;
}

/** Rounded to float32, as the kernel has it, it must not be 0: zeros would be divided by it. */
const divisor = check<number>(
  "a number above 0",
  (eps) => typeof eps === "number" && Math.fround(eps) > 0 && Math.fround(eps) < Infinity,
);

/** y = x / max(‖x‖₂, eps) along the last dimension; ∂x = (g − y·(y·g)) / ‖x‖, g / eps where the norm is below eps. */
export const normalize: TakingOp<NormalizeAttributes, { readonly eps: number }, Pointer> = {
  name: "normalize",
  take: (given = {}, what) => readOptions(what, given, { eps: or(1e-12, divisor) }),
  shape([x], _, what) {
    if (x!.length === 0) throw wrongShape(what, "x", "[..., d]", x!);
    return x!;
  },
  forward(call) {
    const x = call.inputs[0]!;
    const [rows, columns] = rowsOf(x, x.shape.at(-1)!);
    const divisors = call.keep(rows);
    const { eps } = call.attributes;
    call.kernels.normalize_forward(x.pointer, call.output.pointer, divisors, rows, columns, eps);
    return divisors;
  },
  backward(call) {
    const { gradient, output, saved } = call;
    const [rows, columns] = rowsOf(output, output.shape.at(-1)!);
    const { pointer, accumulate } = call.target(0);
    call.kernels.normalize_gradient(gradient.pointer, output.pointer, saved, pointer, rows, columns, accumulate);
  },
};
