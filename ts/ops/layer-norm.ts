import { ShapeError } from "../errors.js";
import { checkOptions } from "../options.js";
import { nonNegative } from "../settings.js";
import { formatShape, listOf, sameShape, sizeOf } from "../shape.js";
import type { Pointer, Shape, TakingOp, Value } from "./op.js";
import { unwanted } from "./unwanted.js";

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

/** As the op keeps them. */
interface Taken {
  readonly weight: boolean;
  readonly bias: boolean;
  readonly normalizedShape: Shape | undefined;
  readonly eps: number;
}

const names = ["normalizedShape", "eps"];

function take(given: Given | undefined): Taken {
  const { weight, bias, options } = given!;
  checkOptions("layerNorm", options, names);
  const { normalizedShape, eps = 1e-5 } = options;
  const lengths = typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
  return {
    weight,
    bias,
    normalizedShape: lengths === undefined ? undefined : listOf("layerNorm", "normalizedShape", lengths),
    eps: nonNegative("layerNorm", "eps", eps),
  };
}

/** Where weight and bias stand among the inputs; 0 where they don't. */
const weightAt = ({ weight }: Taken) => (weight ? 1 : 0);
const biasAt = ({ weight, bias }: Taken) => (bias ? (weight ? 2 : 1) : 0);

/** What the gradient needs of each row. */
interface Statistics {
  readonly mean: Pointer;
  readonly rstd: Pointer;
}

/** Throws `ShapeError` unless `normalized` are the last lengths of `x`. */
export function checkNormalizedShape(name: string, x: Shape, normalized: Shape): void {
  const fits = normalized.length > 0 && normalized.length <= x.length;
  if (!fits || !sameShape(x.slice(x.length - normalized.length), normalized)) {
    const message = `${name}: ${formatShape(x)} does not end in the normalised shape ${formatShape(normalized)}`;
    throw new ShapeError(message, { x, normalized });
  }
}

/** `[rows, columns]` of a tensor whose `columns` innermost elements make a row. */
export function rowsOf({ size }: Value, columns: number): [number, number] {
  return [columns === 0 ? 0 : size / columns, columns];
}

/** `[rows, columns]`, the columns being normalised together. */
function sizes(x: Value, weight: Value | undefined, { normalizedShape }: Taken): [number, number] {
  return rowsOf(x, sizeOf(normalizedShape ?? weight?.shape ?? x.shape.slice(-1)));
}

/**
 * y = (x − mean)·rstd·weight + bias over the last dimensions, rstd = 1/√(variance + eps), the variance being that of
 * the whole row (divided by n). Inputs are x and those of weight and bias that there are.
 * With h = g·weight and x̂ = (x − mean)·rstd: ∂x = rstd·(h − mean(h) − x̂·mean(h·x̂)), ∂weight = Σ g·x̂, ∂bias = Σ g.
 */
export const layerNorm: TakingOp<Given, Taken, Statistics> = {
  name: "layerNorm",
  take,
  shape(inputs, attributes) {
    const [x] = inputs as [Shape];
    const weight = attributes.weight ? inputs[weightAt(attributes)] : undefined;
    const bias = attributes.bias ? inputs[biasAt(attributes)] : undefined;
    const normalized = attributes.normalizedShape ?? weight ?? bias ?? x.slice(-1);
    checkNormalizedShape("layerNorm", x, normalized);
    for (const [what, shape] of [
      ["weight", weight],
      ["bias", bias],
    ] as const) {
      if (shape !== undefined && !sameShape(shape, normalized)) {
        const message = `layerNorm: ${what} ${formatShape(shape)} must have the normalised shape ${formatShape(normalized)}`;
        throw new ShapeError(message, { x, normalized, [what]: shape });
      }
    }
    return x;
  },
  forward(call) {
    const { inputs, attributes, output } = call;
    const [x, weight, bias] = operands(inputs, attributes);
    const [rows, columns] = sizes(x, weight ?? bias, attributes);
    const mean = call.recording ? call.allocate(2 * rows) : call.scratch(2 * rows);
    const rstd = mean + 4 * rows;
    const [w, b, y] = [weight?.pointer ?? 0, bias?.pointer ?? 0, output.pointer];
    call.kernels.layer_norm_forward(x.pointer, w, b, y, mean, rstd, rows, columns, attributes.eps);
    return { mean, rstd };
  },
  backward(call) {
    const { inputs, attributes } = call;
    const [x, weight, bias] = operands(inputs, attributes);
    const [rows, columns] = sizes(x, weight ?? bias, attributes);
    const { mean, rstd } = call.saved;
    const target = (has: boolean, i: number) => (has && call.wants(i) ? call.target(i) : unwanted);
    const dx = target(true, 0);
    const dw = target(attributes.weight, weightAt(attributes));
    const db = target(attributes.bias, biasAt(attributes));
    call.kernels.layer_norm_gradient(
      call.gradient.pointer,
      x.pointer,
      weight?.pointer ?? 0,
      mean,
      rstd,
      dx.pointer,
      dw.pointer,
      db.pointer,
      rows,
      columns,
      dx.accumulate,
      dw.accumulate,
      db.accumulate,
    );
  },
};

function operands(inputs: readonly Value[], attributes: Taken): [Value, Value | undefined, Value | undefined] {
  const { weight, bias } = attributes;
  return [inputs[0]!, weight ? inputs[weightAt(attributes)] : undefined, bias ? inputs[biasAt(attributes)] : undefined];
}
