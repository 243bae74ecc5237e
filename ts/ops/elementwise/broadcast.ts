import { ShapeError } from "../../errors/errors.js";
import { checkSize, formatShape, sameShape } from "../../values/tensor.js";
import type { Shape } from "../op.js";

/**
 * Shape of a result whose operands repeat along dimensions of length 1 and along leading ones they lack (NumPy's
 * broadcasting). Throws `ShapeError` where lengths differ and neither is 1.
 */
export function broadcastShapes(name: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let fromEnd = 1; fromEnd <= rank; fromEnd++) {
    const [x, y] = [a[a.length - fromEnd] ?? 1, b[b.length - fromEnd] ?? 1];
    if (x !== y && x !== 1 && y !== 1) {
      const lengths = `lengths ${x} and ${y} of dimension -${fromEnd} differ and neither is 1`;
      throw new ShapeError(`${name}: ${formatShape(a)} and ${formatShape(b)}: ${lengths}`, { dim: -fromEnd });
    }
    shape[rank - fromEnd] = x === 1 ? y : x;
  }
  return checkSize(name, shape);
}

/** Throws `ShapeError` unless a tensor of shape `from` can repeat to shape `to`. */
export function checkExpands(name: string, from: Shape, to: Shape): void {
  const lead = to.length - from.length;
  if (lead < 0 || from.some((length, d) => length !== 1 && length !== to[d + lead])) {
    const message = `${name}: ${formatShape(from)} does not repeat to ${formatShape(to)}: only lengths of 1 do`;
    throw new ShapeError(message, { option: "shape", value: to });
  }
}
