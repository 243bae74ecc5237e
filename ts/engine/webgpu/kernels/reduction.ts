import type { CrossEntropyKernels, LossKernels, OptimKernels, ReduceKernels } from "../../kernels.js";
import type { CommandStream } from "../command-stream.js";
import * as losses from "../programs/loss.js";
import { adamw } from "../programs/optimizer.js";
import { extremeAxis, extremeAxisGradient, SUM_COLUMNS, sumColumns, sumRows } from "../programs/reduction.js";
import type { Guard } from "../guard.js";
import type { KeptCopies } from "../kept-copies.js";

export function reductionKernels(
  stream: CommandStream,
  kept: KeptCopies,
  guard: Guard,
): CrossEntropyKernels & LossKernels & ReduceKernels & Pick<OptimKernels, "adamw"> {
  const sumAxis: ReduceKernels["sum_axis"] = (x, y, outer, axis, inner, alpha, accumulate) => {
    if (inner === 1) return stream.rows(sumRows, outer, x, y, axis, alpha, accumulate);
    const blocks = Math.ceil(inner / SUM_COLUMNS);
    stream.rows(sumColumns, outer * blocks, blocks, inner, x, y, axis, alpha, accumulate);
  };
  return {
    sum_axis: sumAxis,
    max_axis: (x, y, outer, axis, inner) => stream.elements(extremeAxis, outer * inner, x, y, axis, inner, 1),
    min_axis: (x, y, outer, axis, inner) => stream.elements(extremeAxis, outer * inner, x, y, axis, inner, -1),
    extreme_axis_gradient: (g, x, y, dx, outer, axis, inner, accumulate) =>
      stream.elements(extremeAxisGradient, outer * inner, g, x, y, dx, axis, inner, accumulate),
    cross_entropy_forward: (
      logits, targets, weights, each, statistics, total, rows, classes, smoothing, scale,
    ) => {
      stream.rows(losses.crossEntropyRows, rows, logits, targets, weights, each, statistics, classes, smoothing);
      if (total !== 0) sumAxis(each, total, 1, rows, 1, scale, 0);
    }, // prettier-ignore
    cross_entropy_gradient: (
      g, logits, targets, weights, statistics, dx, rows, classes, smoothing, scale, gStep, accumulate,
    ) =>
      stream.rows(
        losses.crossEntropyGradient, rows, g, logits, targets, weights, statistics, dx,
        classes, smoothing, scale, gStep, accumulate,
      ), // prettier-ignore
    mse_loss_total: (x, y, total, n, scale) => stream.rows(losses.mseTotal, 1, n, x, y, total, scale),
    mse_loss_forward: (x, y, each, n) => stream.elements(losses.mseForward, n, x, y, each),
    mse_loss_gradient: (g, x, y, dx, n, scale, gStep, accumulate) =>
      stream.elements(losses.mseGradient, n, g, x, y, dx, scale, gStep, accumulate),
    adamw: (g, p, m, v, vMax, n, lr, beta1, beta2, epsilon, weightDecay, penalty, step) => {
      for (const pointer of [p, m, v, vMax]) if (pointer !== 0) kept.changed(pointer, n);
      const correction = (beta: number) => 1 - power(beta, step);
      stream.elements(
        adamw,
        n,
        g,
        p,
        m,
        v,
        vMax,
        1 - lr * weightDecay,
        -lr / correction(beta1),
        beta1,
        beta2,
        1 - beta1,
        1 - beta2,
        1 / Math.sqrt(correction(beta2)),
        epsilon,
        penalty,
        guard.flag,
      );
    },
  };
}

/** x to a whole power, by squaring: the same bits in every engine. */
function power(x: number, exponent: number): number {
  let result = 1;
  for (let rest = exponent, square = x; rest > 0; rest = Math.floor(rest / 2), square *= square) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}
