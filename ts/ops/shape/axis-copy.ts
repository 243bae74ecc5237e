import { viewAlong } from "./dimensions.js";
import type { Pointer, Shape, Workspace } from "../op.js";
import { copyStrided } from "./strides.js";

/** Some of the places along one dimension of a tensor: `count` of them from `start`, `step` apart. */
export interface AxisPart {
  readonly pointer: Pointer;
  readonly shape: Shape;
  readonly start: number;
  readonly step: number;
}

/** The whole of a tensor, for `copyAlong`. */
export function wholeOf({ pointer, shape }: { pointer: Pointer; shape: Shape }): AxisPart {
  return { pointer, shape, start: 0, step: 1 };
}

/** to ← from for `count` places along dimension `dim`; added to `to` where `accumulate`. */
export function copyAlong(
  call: Workspace,
  dim: number,
  count: number,
  from: AxisPart,
  to: AxisPart,
  accumulate: 0 | 1 = 0,
): void {
  const { outer, inner } = viewAlong(from.shape, dim);
  const operand = ({ pointer, shape, start, step }: AxisPart) => ({
    pointer: pointer + 4 * start * inner,
    strides: [shape[dim]! * inner, step * inner, 1],
  });
  copyStrided(call, [outer, count, inner], operand(from), operand(to), 1, accumulate);
}
