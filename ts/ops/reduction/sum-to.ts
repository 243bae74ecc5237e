import { sizeOf } from "../../values/tensor.js";
import type { GradientTarget, Pointer, Shape, Workspace } from "../op.js";
import { broadcast, contiguous, copyStrided } from "../shape/strides.js";

/** Neighbouring dimensions that are all summed over, or all kept, run together. Lengths of 1 are dropped. */
function runs(from: Shape, to: Shape): { length: number; summed: boolean }[] {
  const lead = from.length - to.length;
  const found: { length: number; summed: boolean }[] = [];
  from.forEach((length, d) => {
    if (length === 1) return;
    const summed = d < lead || to[d - lead] === 1;
    const last = found.at(-1);
    if (last?.summed === summed) last.length *= length;
    else found.push({ length, summed });
  });
  return found;
}

/**
 * target ← alpha · Σ source over the dimensions along which a tensor of shape `to` repeats in `from`: the gradient of
 * broadcasting. One pass for each run of neighbouring summed dimensions, from the innermost out.
 */
export function sumTo(
  call: Workspace,
  source: Pointer,
  from: Shape,
  to: Shape,
  target: GradientTarget,
  alpha = 1,
): void {
  const { kernels } = call;
  const left = runs(from, to);
  let summed = left.filter((run) => run.summed).length;
  if (summed === 0) {
    const move = target.accumulate ? kernels.axpy : kernels.scale;
    return move(sizeOf(from), alpha, source, target.pointer);
  }
  let inner = 1;
  for (let run = left.pop(); run !== undefined; run = left.pop()) {
    if (!run.summed) {
      inner *= run.length;
      continue;
    }
    const outer = left.reduce((size, { length }) => size * length, 1);
    if (--summed === 0) {
      return kernels.sum_axis(source, target.pointer, outer, run.length, inner, alpha, target.accumulate);
    }
    const partial = call.scratch(outer * inner);
    kernels.sum_axis(source, partial, outer, run.length, inner, 1, 0);
    source = partial;
  }
}

/** target ← alpha · source repeated from shape `from` to shape `to`: the gradient of a sum. */
export function expandTo(
  call: Workspace,
  source: Pointer,
  from: Shape,
  to: Shape,
  target: GradientTarget,
  alpha = 1,
): void {
  const strides = broadcast(from, to);
  const { pointer, accumulate } = target;
  copyStrided(call, to, { pointer: source, strides }, { pointer, strides: contiguous(to) }, alpha, accumulate);
}
