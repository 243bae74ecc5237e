import { or, type Read, readOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { listOf } from "../../values/tensor.js";
import { dimensionsOf } from "../shape/dimensions.js";
import type { Shape } from "../op.js";

/** What to reduce. */
export interface ReductionAttributes {
  /** One dimension or several, negative ones counted from the end. Default: all of them. */
  readonly dim?: number | readonly number[] | undefined;
  /** Keep reduced dimensions with length 1; default false. */
  readonly keepDim?: boolean | undefined;
}

/** What to reduce, as the ops keep it. */
export interface Reduction {
  readonly dim: number | readonly number[] | undefined;
  readonly keepDim: boolean;
}

/** One dimension, which `dimensionsOf` checks, or a copy of several. */
const dims: Read<Reduction["dim"]> = (what, name, value) =>
  typeof value === "object" ? listOf(what, name, value as number[]) : (value as number | undefined);

/** `take` of a reduction. */
export function takeReduction(given: ReductionAttributes = {}, what: string): Reduction {
  return readOptions(what, given, { dim: dims, keepDim: or(false, flag) });
}

/** `shape` with every reduced dimension at length 1. */
export function keptShape(name: string, shape: Shape, { dim }: Reduction): Shape {
  const reduced = new Set(dimensionsOf(name, shape, dim));
  return shape.map((length, d) => (reduced.has(d) ? 1 : length));
}

/** Shape of a reduction's result. */
export function reducedShape([x]: readonly Shape[], attributes: Reduction, name: string): Shape {
  const shape = x!;
  if (attributes.keepDim) return keptShape(name, shape, attributes);
  const reduced = new Set(dimensionsOf(name, shape, attributes.dim));
  return shape.filter((_, d) => !reduced.has(d));
}
