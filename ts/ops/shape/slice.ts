import { ShapeError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { optional, or, readOptions } from "../../arguments/options.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { dimensionOf, unchecked, withLength } from "./dimensions.js";
import type { Shape, TakingOp } from "../op.js";

export interface SliceAttributes {
  /** Dimension to cut; negative ones count from the end. */
  readonly dim: number;
  /** First place; default 0. Negative ones count from the end, and places outside the tensor are left out. */
  readonly start?: number | undefined;
  /** Place to stop before; default the end. Negative ones count from the end. */
  readonly end?: number | undefined;
  /** Distance of the places taken, 1 or more; default 1. */
  readonly step?: number | undefined;
}

/** The checked attributes. */
interface Taken {
  readonly dim: number;
  readonly start: number;
  readonly end: number | undefined;
  readonly step: number;
}

const readers = { dim: unchecked, start: or(0, unchecked), end: optional(unchecked), step: or(1, unchecked) };

interface Places {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function placesOf(shape: Shape, { dim, start, end, step }: Taken, what: string): Places {
  const axis = dimensionOf(what, shape, dim);
  const length = shape[axis]!;
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  const first = place(start);
  return { dim: axis, start: first, step, count: Math.max(Math.ceil((place(end ?? length) - first) / step), 0) };
}

/** y = x[start:end:step] along one dimension; ∂x = g at these places, 0 elsewhere. */
export const slice: TakingOp<SliceAttributes, Taken, void> = {
  name: "slice",
  take(given, what) {
    const taken = readOptions(what, given, readers);
    const { start, end, step } = taken;
    if (![start, end ?? 0, step].every(Number.isInteger) || step < 1) {
      const range = `start ${excerpt(start)}, end ${end === undefined ? "open" : excerpt(end)}, step ${excerpt(step)}`;
      throw new ShapeError(`${what}: ${range}: takes whole numbers and a step from 1`, { op: what, start, end, step });
    }
    return taken;
  },
  shape([x], attributes, what) {
    const { dim, count } = placesOf(x!, attributes, what);
    return withLength(x!, dim, count);
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, start, step, count } = placesOf(x.shape, call.attributes, "slice");
    copyAlong(call, dim, count, { ...wholeOf(x), start, step }, wholeOf(call.output));
  },
  backward(call) {
    const { shape, size } = call.inputs[0]!;
    const { dim, start, step, count } = placesOf(shape, call.attributes, "slice");
    const { pointer, accumulate } = call.target(0);
    if (!accumulate) call.kernels.fill(size, 0, pointer);
    copyAlong(call, dim, count, wholeOf(call.gradient), { pointer, shape, start, step }, accumulate);
  },
};
