import { ConfigError, ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor.js";
import { sameShape } from "./broadcast.js";
import type { Op, Pointer, Shape, Value } from "./op.js";
import { unwanted } from "./unwanted.js";

export interface LayerNormAttributes {
  /** The last dimensions, which are normalised together. Default: the weight's shape, or the last dimension. */
  readonly normalizedShape?: number | readonly number[] | undefined;
  /** Added to the variance. Default 1e-5. */
  readonly eps?: number | undefined;
}

/** What the gradient needs of each row. */
interface Statistics {
  readonly mean: Pointer;
  readonly rstd: Pointer;
}

/** Throws `ConfigError` unless `eps` is a number from 0. */
export function checkEps(name: string, eps: number): void {
  if (!(eps >= 0)) throw new ConfigError(`${name}: eps must be 0 or greater, got ${eps}`);
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

function normalizedShapeOf(x: Shape, weight: Shape | undefined, attributes: LayerNormAttributes): Shape {
  const { normalizedShape = weight ?? x.slice(-1) } = attributes;
  return typeof normalizedShape === "number" ? [normalizedShape] : normalizedShape;
}

/**
 * y = (x − mean)·rstd·weight + bias over the last dimensions, rstd = 1/√(variance + eps), the variance being that of
 * the whole row (divided by n). Inputs `[x]`, `[x, weight]` or `[x, weight, bias]`.
 * With h = g·weight and x̂ = (x − mean)·rstd: ∂x = rstd·(h − mean(h) − x̂·mean(h·x̂)), ∂weight = Σ g·x̂, ∂bias = Σ g.
 */
export const layerNorm: Op<LayerNormAttributes, Statistics> = {
  name: "layerNorm",
  shape(inputs, attributes) {
    const [x, weight, bias] = inputs;
    if (x === undefined || inputs.length > 3) {
      throw new ShapeError(`layerNorm: takes x, weight and bias, got ${inputs.length} inputs`);
    }
    const normalized = normalizedShapeOf(x, weight, attributes);
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
    checkEps("layerNorm", attributes.eps ?? 1e-5);
    return x;
  },
  forward(call) {
    const [x, weight, bias] = call.inputs as [Value, Value?, Value?];
    const [rows, columns] = rowsOf(x, sizeOf(normalizedShapeOf(x.shape, weight?.shape, call.attributes)));
    const mean = call.recording ? call.allocate(2 * rows) : call.scratch(2 * rows);
    const rstd = mean + 4 * rows;
    const [w, b, y] = [weight?.pointer ?? 0, bias?.pointer ?? 0, call.output.pointer];
    call.kernels.layer_norm_forward(x.pointer, w, b, y, mean, rstd, rows, columns, call.attributes.eps ?? 1e-5);
    return { mean, rstd };
  },
  backward(call) {
    const [x, weight, bias] = call.inputs as [Value, Value?, Value?];
    const [rows, columns] = rowsOf(x, sizeOf(normalizedShapeOf(x.shape, weight?.shape, call.attributes)));
    const { mean, rstd } = call.saved;
    const dx = call.wants(0) ? call.target(0) : unwanted;
    const dw = weight !== undefined && call.wants(1) ? call.target(1) : unwanted;
    const db = bias !== undefined && call.wants(2) ? call.target(2) : unwanted;
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
