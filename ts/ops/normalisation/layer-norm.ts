import { optional, or, readOptions } from "../../arguments/options.js";
import { nonNegative } from "../../arguments/settings.js";
import { checkShape, formatShape, listOf, sameShape, sizeOf, wrongShape } from "../../values/tensor.js";
import type { BackwardCall, ForwardCall, Pointer, Shape, TakingOp, Value } from "../op.js";

export interface LayerNormAttributes {
  /** The last dimensions, which are normalised together. Default: the weight's shape, or the last dimension. */
  readonly normalizedShape?: number | readonly number[] | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
}

/** What a caller gives: which of weight and bias stand behind x among the inputs, and how to normalise. */
interface Given {
  readonly weight: boolean;
  readonly bias: boolean;
  readonly options: LayerNormAttributes;
}

/** The checked attributes. */
interface Taken {
  /** Places of weight and bias among the inputs; -1 for one that is absent. */
  readonly weightAt: number;
  readonly biasAt: number;
  readonly normalizedShape: Shape | undefined;
  readonly eps: number;
}

const readers = {
  normalizedShape: optional((what: string, name: string, given: number | number[]) =>
    listOf(what, name, typeof given === "number" ? [given] : given),
  ),
  eps: or(1e-5, nonNegative),
};

/** What the gradient needs of each row. */
interface Statistics {
  readonly mean: Pointer;
  readonly rstd: Pointer;
}

/** Throws `ShapeError` unless `normalized` are the last lengths of `x`. */
export function checkNormalizedShape(name: string, x: Shape, normalized: Shape): void {
  const fits = normalized.length > 0 && normalized.length <= x.length;
  if (!fits || !sameShape(x.slice(x.length - normalized.length), normalized)) {
    throw wrongShape(name, "x", `a shape that ends in ${formatShape(normalized)}`, x);
  }
}

/** `[rows, columns]` of a tensor whose `columns` innermost elements make a row. */
export function rowsOf({ size }: Value, columns: number): [number, number] {
  return [columns === 0 ? 0 : size / columns, columns];
}

/** The lengths that are normalised together. */
function normalizedOf(inputs: readonly Shape[], { normalizedShape, weightAt, biasAt }: Taken): Shape {
  return normalizedShape ?? inputs[weightAt] ?? inputs[biasAt] ?? inputs[0]!.slice(-1);
}

/**
 * y = (x − mean)·rstd·weight + bias over the last dimensions, rstd = 1/√(variance + eps), the variance being that of
 * the whole row (divided by n). Inputs are x and those of weight and bias that there are.
 * With h = g·weight and x̂ = (x − mean)·rstd: ∂x = rstd·(h − mean(h) − x̂·mean(h·x̂)), ∂weight = Σ g·x̂, ∂bias = Σ g.
 */
export const layerNorm: TakingOp<Given, Taken, Statistics> = {
  name: "layerNorm",
  take(given, what) {
    const { weight, bias, options } = given!;
    const biasAt = !bias ? -1 : weight ? 2 : 1;
    return { ...readOptions(what, options, readers), weightAt: weight ? 1 : -1, biasAt };
  },
  shape(inputs, attributes, what) {
    const x = inputs[0]!;
    const normalized = normalizedOf(inputs, attributes);
    checkNormalizedShape(what, x, normalized);
    inputs.forEach((shape, i) => {
      if (i > 0) checkShape(what, i === attributes.weightAt ? "weight" : "bias", shape, normalized);
    });
    return x;
  },
  forward(call) {
    const { x, w, b, rows, columns } = operands(call);
    const mean = call.keep(2 * rows);
    const rstd = mean + 4 * rows;
    call.kernels.layer_norm_forward(x, w, b, call.output.pointer, mean, rstd, rows, columns, call.attributes.eps);
    return { mean, rstd };
  },
  backward(call) {
    const { x, w, rows, columns } = operands(call);
    const { kernels, gradient, attributes, saved } = call;
    const dx = call.targetIfWanted(0);
    const dw = call.targetIfWanted(attributes.weightAt);
    const db = call.targetIfWanted(attributes.biasAt);
    kernels.layer_norm_gradient(
      gradient.pointer, x, w, saved.mean, saved.rstd, dx.pointer, dw.pointer, db.pointer,
      rows, columns, dx.accumulate, dw.accumulate, db.accumulate,
    ); // prettier-ignore
  },
};

/** Pointers of x, weight and bias, null where there is none, and `[rows, columns]` of x. */
function operands({ inputs, attributes }: ForwardCall<Taken> | BackwardCall<Taken, Statistics>) {
  const { weightAt, biasAt } = attributes;
  const shapes = inputs.map(({ shape }) => shape);
  const [rows, columns] = rowsOf(inputs[0]!, sizeOf(normalizedOf(shapes, attributes)));
  const pointer = (i: number) => inputs[i]?.pointer ?? 0;
  return { x: pointer(0), w: pointer(weightAt), b: pointer(biasAt), rows, columns };
}
