import { ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor.js";
import { expectInputs } from "./broadcast.js";
import type { Op, Shape } from "./op.js";

export interface ReshapeAttributes {
  /** New lengths; one of them may be -1, which stands for whatever is left. */
  readonly shape: Shape;
}

function resolve(from: Shape, to: Shape): Shape {
  const error = (reason: string) =>
    new ShapeError(`reshape: ${formatShape(from)} to ${formatShape(to)}: ${reason}`, { from, to });
  if (to.some((length) => !Number.isSafeInteger(length) || length < -1))
    throw error("lengths are whole numbers from 0");
  const open = to.indexOf(-1);
  if (open !== to.lastIndexOf(-1)) throw error("only one length may be -1");
  const size = sizeOf(from);
  if (open < 0) {
    if (sizeOf(to) !== size) throw error(`${size} elements do not fill ${sizeOf(to)}`);
    return [...to];
  }
  const others = sizeOf(to.filter((_, d) => d !== open));
  if (others === 0 || size % others !== 0) throw error(`${size} elements are no multiple of ${others}`);
  return to.map((length, d) => (d === open ? size / others : length));
}

/** y = x under another shape, in the same memory; ∂x = g. */
export const reshape: Op<ReshapeAttributes, void> = {
  name: "reshape",
  alias: true,
  shape(inputs, { shape }) {
    expectInputs("reshape", inputs, 1);
    return resolve(inputs[0]!, shape);
  },
  forward() {},
  backward(call) {
    if (call.wants(0)) call.pass(0);
  },
};
