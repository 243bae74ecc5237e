import { expectInputs } from "./broadcast.js";
import { dimensionsOf } from "./dimensions.js";
import type { Shape } from "./op.js";

/** What to reduce. */
export interface ReductionAttributes {
  /** One dimension or several, negative ones counted from the end. Default: all of them. */
  readonly dim?: number | readonly number[] | undefined;
  /** Keep reduced dimensions with length 1; default false. */
  readonly keepDim?: boolean | undefined;
}

/** `shape` with every reduced dimension at length 1. */
export function keptShape(name: string, shape: Shape, { dim }: ReductionAttributes): Shape {
  const reduced = new Set(dimensionsOf(name, shape, dim));
  return shape.map((length, d) => (reduced.has(d) ? 1 : length));
}

/** Shape of a reduction's result. */
export function reducedShape(name: string, inputs: readonly Shape[], attributes: ReductionAttributes): Shape {
  expectInputs(name, inputs, 1);
  const shape = inputs[0]!;
  if (attributes.keepDim) return keptShape(name, shape, attributes);
  const reduced = new Set(dimensionsOf(name, shape, attributes.dim));
  return shape.filter((_, d) => !reduced.has(d));
}
