import { ShapeError } from "../errors.js";
import { copyAlong, wholeOf } from "./axis-copy.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf } from "./dimensions.js";
import type { Shape, TakingOp } from "./op.js";

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

/** As the op keeps them. */
interface Taken {
  readonly dim: number;
  readonly start: number;
  /** undefined: to the end. */
  readonly end: number | undefined;
  readonly step: number;
}

const names = ["dim", "start", "end", "step"];

function take(given: SliceAttributes | undefined): Taken {
  checkOptions("slice", given, names);
  const { dim, start = 0, end, step = 1 } = given!;
  if (![start, end ?? 0, step].every(Number.isInteger) || end === null || step < 1) {
    const range = `start ${excerpt(start)}, end ${end === undefined ? "open" : excerpt(end)}, step ${excerpt(step)}`;
    throw new ShapeError(`slice: ${range}: takes whole numbers and a step from 1`, { start, end, step });
  }
  return { dim, start, end, step };
}

interface Places {
  readonly dim: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function placesOf(shape: Shape, { dim, start, end, step }: Taken): Places {
  const axis = dimensionOf("slice", shape, dim);
  const length = shape[axis]!;
  const place = (at: number) => Math.min(Math.max(at < 0 ? at + length : at, 0), length);
  const [first, last] = [place(start), place(end ?? length)];
  return { dim: axis, start: first, step, count: Math.max(Math.ceil((last - first) / step), 0) };
}

/** y = x[start:end:step] along one dimension; ∂x = g at these places, 0 elsewhere. */
export const slice: TakingOp<SliceAttributes, Taken, void> = {
  name: "slice",
  take,
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
