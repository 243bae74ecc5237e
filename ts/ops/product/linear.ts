import { ShapeError } from "../../errors/errors.js";
import { checkShape, checkSize, formatShape, wrongShape } from "../../values/tensor.js";
import type { ForwardCall, BackwardCall, Op, Pointer, Shape } from "../op.js";

/** Attributes of `linear`. */
export interface LinearAttributes {
  /** Whether a third input is the bias. */
  readonly bias: boolean;
}

/**
 * y = x·W + b with x `[…, in]`, W `[in, out]`, b `[out]`.
 * ∂x = g·Wᵀ, ∂W = xᵀ·g, ∂b = Σ rows of g. A frozen W says how it takes part in the first two.
 */
export const linear: Op<LinearAttributes, void> = {
  name: "linear",
  frozen: 1,

  shape: ([x, weight, bias], _, what) => linearShape(what, x!, weight!, bias),

  forward(call) {
    const bias = call.attributes.bias ? call.inputs[2]!.pointer : 0;
    timesWeight(call, bias);
  },

  backward(call) {
    if (call.wants(0)) inputGradient(call, call.target(0));
    if (call.wants(1)) {
      const { kernels, inputs, gradient } = call;
      const [x, weight] = inputs;
      const [k, n] = weight!.shape as [number, number];
      const { pointer, accumulate } = call.target(1);
      const rows = rowsOf(x!.shape);
      kernels.gemm(k, n, rows, 1, x!.pointer, 1, k, gradient.pointer, n, 1, accumulate, pointer, n, 0);
    }
    if (call.attributes.bias && call.wants(2)) columnSums(call, 2);
  },
};

/** Shape of x·W (+ bias). Throws `ShapeError` where they do not fit. */
export function linearShape(op: string, x: Shape, weight: Shape, bias: Shape | undefined): Shape {
  if (weight.length !== 2) {
    throw wrongShape(op, "weight", "[in, out]", weight);
  }
  const [inFeatures, outFeatures] = weight as [number, number];
  if (x.length === 0 || x[x.length - 1] !== inFeatures) {
    const message = `the input's last dimension must be ${inFeatures}`;
    throw new ShapeError(`${op}: ${formatShape(x)} × ${formatShape(weight)}: ${message}`, { op });
  }
  if (bias !== undefined) checkShape(op, "a bias", bias, [outFeatures]);
  const shape = x.slice();
  shape[x.length - 1] = outFeatures;
  return checkSize(op, shape);
}

/** Product of all dimensions but the last. */
export function rowsOf(shape: Shape): number {
  let rows = 1;
  for (let d = 0; d < shape.length - 1; d++) rows *= shape[d]!;
  return rows;
}

/** output ← x·W + bias, W being input 1. */
export function timesWeight(call: ForwardCall<unknown>, bias: Pointer): void {
  const { kernels, inputs, output } = call;
  const [x, weight] = inputs;
  const [k, n] = weight!.shape as [number, number];
  const m = rowsOf(x!.shape);
  const frozen = call.frozen(1);
  if (frozen !== null) frozen.times(m, x!.pointer, bias, output.pointer);
  else kernels.gemm(m, n, k, 1, x!.pointer, k, 1, weight!.pointer, n, 1, 0, output.pointer, n, bias);
}

/** ∂x ← g·Wᵀ (+ ∂x). */
export function inputGradient(
  call: BackwardCall<unknown, unknown>,
  target: { pointer: Pointer; accumulate: 0 | 1 },
): void {
  const { kernels, inputs, gradient } = call;
  const [x, weight] = inputs;
  const [k, n] = weight!.shape as [number, number];
  const m = rowsOf(x!.shape);
  const { pointer, accumulate } = target;
  const g = gradient.pointer;
  const frozen = call.frozen(1);
  if (frozen !== null) frozen.timesTransposed(m, g, accumulate, pointer);
  else kernels.gemm(m, k, n, 1, g, n, 1, weight!.pointer, 1, n, accumulate, pointer, k, 0);
}

/** Gradient of a bias: the sum over all rows of g. */
export function columnSums(call: BackwardCall<unknown, unknown>, i: number): void {
  const { kernels, gradient } = call;
  const columns = gradient.shape.at(-1)!;
  const { pointer, accumulate } = call.target(i);
  kernels.sum_axis(gradient.pointer, pointer, 1, rowsOf(gradient.shape), columns, 1, accumulate);
}
