import { ShapeError } from "../errors.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf } from "./dimensions.js";
import type { Op, Shape } from "./op.js";

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

interface Places {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function placesOf(shape: Shape, { dim, start = 0, end, step = 1 }: SliceAttributes): Places {
  const axis = dimensionOf("slice", shape, dim);
  const length = shape[axis]!;
  if (![start, end ?? 0, step].every(Number.isInteger) || step < 1) {
    const range = `start ${start}, end ${end ?? "open"}, step ${step}`;
    throw new ShapeError(`slice: ${range}: takes whole numbers and a step from 1`, { shape, start, end, step });
  }
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  const [first, last] = [place(start), place(end ?? length)];
  return { dim: axis, start: first, step, count: Math.max(Math.ceil((last - first) / step), 0) };
}

/** y = x[start:end:step] along one dimension; ∂x = g at these places, 0 elsewhere. */
export const slice: Op<SliceAttributes, void> = {
  name: "slice",
  shape(inputs, attributes) {
    expectInputs("slice", inputs, 1);
    const { dim, count } = placesOf(inputs[0]!, attributes);
    return inputs[0]!.map((length, d) => (d === dim ? count : length));
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, start, step, count } = placesOf(x.shape, call.attributes);
    copyAlong(call, dim, count, { ...wholeOf(x), start, step }, wholeOf(call.output));
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape, size } = call.inputs[0]!;
    const { dim, start, step, count } = placesOf(shape, call.attributes);
    const { pointer, accumulate } = call.target(0);
    if (!accumulate) call.kernels.fill(size, 0, pointer);
    copyAlong(call, dim, count, wholeOf(call.gradient), { pointer, shape, start, step }, accumulate);
  },
};
