import { ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import type { Read } from "../../arguments/options.js";
import type { Shape } from "../op.js";

/** Counts a negative dimension from the end. Throws `ShapeError` where `shape` has no such dimension. */
export function dimensionOf(name: string, shape: Shape, dim: number): number {
  const rank = shape.length;
  if (!Number.isInteger(dim) || dim < -rank || dim >= rank) {
    const range = rank === 0 ? "a scalar has none" : `expected ${-rank} to ${rank - 1}`;
    const message = `${name}: dimension ${excerpt(dim)} of ${formatShape(shape)}: ${range}`;
    throw new ShapeError(message, { option: "dim", value: dim, length: rank });
  }
  return axisOf(shape, dim);
}

/** A dimension counted from the start, of one that `dimensionOf` has checked. */
export function axisOf(shape: Shape, dim: number): number {
  return dim < 0 ? dim + shape.length : dim;
}

/** `shape` with another length of dimension `axis`, which is not negative. */
export function withLength(shape: Shape, axis: number, length: number): Shape {
  return shape.map((own, d) => (d === axis ? length : own));
}

/** Reads a dimension or another number that is checked with the shape. */
export const unchecked: Read<number> = (_what, _name, value) => value as number;

/** Several dimensions, each checked by `dimensionOf` and named once. `undefined` stands for all. */
export function dimensionsOf(name: string, shape: Shape, dim: number | readonly number[] | undefined): number[] {
  if (dim === undefined) return shape.map((_, d) => d);
  const dims = (typeof dim === "object" ? dim : [dim]).map((d) => dimensionOf(name, shape, d));
  if (new Set(dims).size !== dims.length) {
    const message = `${name}: dimensions ${formatShape(dims)} of ${formatShape(shape)} name one twice`;
    throw new ShapeError(message, { option: "dim", value: dims });
  }
  return dims;
}

/** A shape seen from one of its dimensions: `[outer, axis, inner]`. */
export interface AxisView {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
}

/** `shape` with the dimensions before and after `dim` (not negative) run together. */
export function viewAlong(shape: Shape, dim: number): AxisView {
  return { outer: sizeOf(shape.slice(0, dim)), axis: shape[dim]!, inner: sizeOf(shape.slice(dim + 1)) };
}
