import { sameShape } from "../../values/tensor.js";
import { broadcastShapes } from "./broadcast.js";
import type { BackwardCall, GradientTarget, Op, Pointer, Shape, Value } from "../op.js";
import { broadcast, nest } from "../shape/strides.js";
import { sumTo } from "../reduction/sum-to.js";

type Numbers3 = [number, number, number];
/** Sizes of the result, strides of both operands over it. */
type Layout = [...Numbers3, ...Numbers3, ...Numbers3];
type Forward = (a: Pointer, b: Pointer, y: Pointer, ...rest: [...Layout, accumulate: number]) => void;
type Gradient = (g: Pointer, x: Pointer, other: Pointer, dx: Pointer, ...rest: [...Layout, number]) => void;
type Operand = Pick<Value, "pointer" | "shape" | "size">;

/** Calls `run` with byte offsets of `a`, `b` and result and a layout that the kernels take: once, but for rare shapes. */
function layOut(
  shape: Shape,
  size: number,
  a: Operand,
  b: Operand,
  run: (a: number, b: number, y: number, layout: Layout) => void,
): void {
  if (size === 0) return;
  // The usual ones without the general way: b has as many elements, or one, or repeats row after row.
  const isSuffix = b.size > 0 && sameShape(b.shape, shape.slice(shape.length - b.shape.length));
  if (a.size === size && (isSuffix || b.size === 1)) {
    const [columns, step] = b.size === 1 ? [size, 0] : [b.size, 1];
    return run(0, 0, 0, [1, size / columns, columns, 0, columns, 1, 0, 0, step]);
  }
  const strides = [broadcast(a.shape, shape), broadcast(b.shape, shape), broadcast(shape, shape)];
  nest(shape, strides, 3, (sizes, [ofA, ofB], [offsetA, offsetB, offset]) => {
    run(4 * offsetA!, 4 * offsetB!, 4 * offset!, [...sizes, ...ofA!, ...ofB!] as unknown as Layout);
  });
}

/** Writes the gradient of input `i` if it is wanted: of the result's shape, or summed where the input repeats. */
function intoGradient(call: BackwardCall<undefined, void>, i: 0 | 1, write: (target: GradientTarget) => void): void {
  if (!call.wants(i)) return;
  const { shape } = call.inputs[i]!;
  const { output } = call;
  if (sameShape(shape, output.shape)) return write(call.target(i));
  const pointer = call.scratch(output.size);
  write({ pointer, accumulate: 0 });
  sumTo(call, pointer, output.shape, shape, call.target(i));
}

function applyForward(kernel: Forward, a: Operand, b: Operand, result: Operand, target: GradientTarget): void {
  layOut(result.shape, result.size, a, b, (offsetA, offsetB, offset, layout) => {
    const [pa, pb, py] = [a.pointer + offsetA, b.pointer + offsetB, target.pointer + offset];
    kernel(pa, pb, py, ...layout, target.accumulate);
  });
}

function applyGradient(kernel: Gradient, g: Operand, x: Operand, other: Operand, target: GradientTarget): void {
  layOut(g.shape, g.size, x, other, (offsetX, offsetOther, offset, layout) => {
    const [px, po] = [x.pointer + offsetX, other.pointer + offsetOther];
    kernel(g.pointer + offset, px, po, target.pointer + offset, ...layout, target.accumulate);
  });
}

/** What the ops below share: their shape rule, and a forward pass by the kernel `<name>_forward`. */
function binary(
  name: "add" | "sub" | "mul" | "div" | "maximum" | "minimum",
  backward: (call: BackwardCall<undefined, void>) => void,
): Op<undefined, void> {
  return {
    name,
    shape: ([a, b], _, what) => broadcastShapes(what, a!, b!),
    forward({ kernels, inputs, output }) {
      const target = { pointer: output.pointer, accumulate: 0 } as const;
      applyForward(kernels[`${name}_forward`], inputs[0]!, inputs[1]!, output, target);
    },
    backward,
  };
}

/** Hands the gradient on to input `i`, times `sign`, summed where the input repeats. */
function passOn(call: BackwardCall<undefined, void>, i: 0 | 1, sign: 1 | -1): void {
  if (!call.wants(i)) return;
  const { shape } = call.inputs[i]!;
  const { gradient } = call;
  if (sign === 1 && sameShape(shape, gradient.shape)) call.pass(i);
  else sumTo(call, gradient.pointer, gradient.shape, shape, call.target(i), sign);
}

/** y = a + b; ∂a = g, ∂b = g. */
export const add: Op<undefined, void> = binary("add", (call) => {
  passOn(call, 0, 1);
  passOn(call, 1, 1);
});

/** y = a − b; ∂a = g, ∂b = −g. */
export const sub: Op<undefined, void> = binary("sub", (call) => {
  passOn(call, 1, -1);
  passOn(call, 0, 1);
});

/** y = a·b; ∂a = g·b, ∂b = g·a. */
export const mul: Op<undefined, void> = binary("mul", (call) => {
  const { kernels, inputs, gradient } = call;
  const times = (factor: Operand) => (to: GradientTarget) =>
    applyForward(kernels.mul_forward, gradient, factor, gradient, to);
  intoGradient(call, 0, times(inputs[1]!));
  intoGradient(call, 1, times(inputs[0]!));
});

/** y = a / b; ∂a = g / b, ∂b = −g·a / b². */
export const div: Op<undefined, void> = binary("div", (call) => {
  const { kernels, inputs, gradient } = call;
  const [a, b] = inputs as [Value, Value];
  intoGradient(call, 0, (to) => applyForward(kernels.div_forward, gradient, b, gradient, to));
  intoGradient(call, 1, (to) => applyGradient(kernels.div_gradient, gradient, b, a, to));
});

function extreme(name: "maximum" | "minimum"): Op<undefined, void> {
  return binary(name, (call) => {
    const kernel = call.kernels[`${name}_gradient`];
    const [a, b] = call.inputs as [Value, Value];
    intoGradient(call, 0, (to) => applyGradient(kernel, call.gradient, a, b, to));
    intoGradient(call, 1, (to) => applyGradient(kernel, call.gradient, b, a, to));
  });
}

/** y = max(a, b), NaN where either is; the gradient goes to the larger operand, half to each where they are equal. */
export const maximum: Op<undefined, void> = extreme("maximum");

/** y = min(a, b), NaN where either is; the gradient goes to the smaller operand, half to each where they are equal. */
export const minimum: Op<undefined, void> = extreme("minimum");
