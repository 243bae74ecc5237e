import { ConfigError, ShapeError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { expectInputs } from "./broadcast.js";
import type { Pointer, TakingOp, Value } from "./op.js";

export interface NormalizeAttributes {
  /** Least divisor; default 1e-12. */
  readonly eps?: number | undefined;
}

const names = ["eps"];

/** `[rows, columns]`: the last dimension and all others. */
function rowsOf({ shape, size }: Value): [number, number] {
  const columns = shape.at(-1)!;
  return [columns === 0 ? 0 : size / columns, columns];
}

/** y = x / max(‖x‖₂, eps) along the last dimension; ∂x = (g − y·(y·g)) / ‖x‖, g / eps where the norm is below eps. */
export const normalize: TakingOp<NormalizeAttributes, { readonly eps: number }, Pointer> = {
  name: "normalize",
  take(given = {}) {
    checkOptions("normalize", given, names);
    const { eps = 1e-12 } = given;
    // Rounded to float32, as the kernel has it, it must not be 0: zeros would be divided by it.
    if (!(typeof eps === "number" && Math.fround(eps) > 0 && Math.fround(eps) < Infinity)) {
      throw new ConfigError(`normalize: eps must be greater than 0, got ${excerpt(eps)}`, { eps });
    }
    return { eps };
  },
  shape(inputs) {
    expectInputs("normalize", inputs, 1);
    if (inputs[0]!.length === 0) throw new ShapeError("normalize: a scalar has no dimension to normalise along");
    return inputs[0]!;
  },
  forward(call) {
    const x = call.inputs[0]!;
    const [rows, columns] = rowsOf(x);
    const divisors = call.recording ? call.allocate(rows) : call.scratch(rows);
    const { eps } = call.attributes;
    call.kernels.normalize_forward(x.pointer, call.output.pointer, divisors, rows, columns, eps);
    return divisors;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { gradient, output, saved } = call;
    const [rows, columns] = rowsOf(output);
    const { pointer, accumulate } = call.target(0);
    call.kernels.normalize_gradient(gradient.pointer, output.pointer, saved, pointer, rows, columns, accumulate);
  },
};
