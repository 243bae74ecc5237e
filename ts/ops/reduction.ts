import { checkOptions } from "../options.js";
import { flag } from "../settings.js";
import { listOf } from "../shape.js";
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

/** What to reduce, as the ops keep it. */
export interface Reduction {
  readonly dim: number | readonly number[] | undefined;
  readonly keepDim: boolean;
}

const names = ["dim", "keepDim"];

/** `take` of a reduction. */
export function takeReduction(what: string, given: ReductionAttributes = {}): Reduction {
  checkOptions(what, given, names);
  const { dim, keepDim = false } = given;
  const dims = typeof dim === "object" ? listOf(what, "dim", dim) : dim;
  return { dim: dims, keepDim: flag(what, "keepDim", keepDim) };
}

/** `shape` with every reduced dimension at length 1. */
export function keptShape(name: string, shape: Shape, { dim }: Reduction): Shape {
  const reduced = new Set(dimensionsOf(name, shape, dim));
  return shape.map((length, d) => (reduced.has(d) ? 1 : length));
}

/** Shape of a reduction's result. */
export function reducedShape(name: string, inputs: readonly Shape[], attributes: Reduction): Shape {
  expectInputs(name, inputs, 1);
  const shape = inputs[0]!;
  if (attributes.keepDim) return keptShape(name, shape, attributes);
  const reduced = new Set(dimensionsOf(name, shape, attributes.dim));
  return shape.filter((_, d) => !reduced.has(d));
}
