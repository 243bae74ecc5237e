import { ShapeError } from "../errors.js";
import { checkSize, formatShape, listOf, sizeOf } from "../shape.js";
import { expectInputs } from "./broadcast.js";
import type { Shape, TakingOp } from "./op.js";

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

/** y = x under another shape, in the same memory; ∂x = g. One length may be -1, which stands for whatever is left. */
export const reshape: TakingOp<Shape, Shape, void> = {
  name: "reshape",
  alias: true,
  take: (shape) => listOf("reshape", "shape", shape!),
  shape(inputs, shape) {
    expectInputs("reshape", inputs, 1);
    return checkSize("reshape", resolve(inputs[0]!, shape));
  },
  forward() {},
  backward(call) {
    if (call.wants(0)) call.pass(0);
  },
};
