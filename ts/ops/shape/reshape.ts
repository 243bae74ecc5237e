import { ShapeError } from "../../errors/errors.js";
import { checkSize, formatShape, listOf, sizeOf } from "../../values/tensor.js";
import { withLength } from "./dimensions.js";
import type { Shape, TakingOp } from "../op.js";

function resolve(from: Shape, to: Shape, what: string): Shape {
  const error = (why: string) => {
    const details = { option: "shape", value: to };
    return new ShapeError(`${what}: ${formatShape(from)} to ${formatShape(to)}: ${why}`, details);
  };
  if (!to.every((length) => Number.isSafeInteger(length) && length >= -1)) {
    throw error("lengths are whole numbers from 0, or one -1 for what is left");
  }
  const open = to.indexOf(-1);
  if (open !== to.lastIndexOf(-1)) throw error("only one length may be -1");
  const size = sizeOf(from);
  const others = sizeOf(to.filter((_, d) => d !== open));
  if (open < 0) {
    if (others !== size) throw error(`${size} elements do not fill ${others}`);
  } else if (others === 0 || size % others !== 0) throw error(`${size} elements do not fill ${others}`);
  return withLength(to, open, size / others);
}

/** y = x under another shape, in the same memory; ∂x = g. One length may be -1, which stands for whatever is left. */
export const reshape: TakingOp<Shape, Shape, void> = {
  name: "reshape",
  alias: true,
  take: (shape, what) => listOf(what, "shape", shape!),
  shape: ([x], shape, what) => checkSize(what, resolve(x!, shape, what)),
  forward() {},
  backward: (call) => call.pass(0),
};
