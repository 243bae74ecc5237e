import { ConfigError } from "../errors.js";
import { expectInputs } from "./broadcast.js";
import type { BackwardCall, ForwardCall, Op, Value } from "./op.js";

type Name = "neg" | "abs" | "square" | "exp" | "log" | "sqrt" | "rsqrt" | "reciprocal" | "erf" | "sin" | "cos";

function shapeRule<A>(name: string, check: (attributes: A) => void = () => {}): Op<A, void>["shape"] {
  return (inputs, attributes) => {
    expectInputs(name, inputs, 1);
    check(attributes);
    return inputs[0]!;
  };
}

function unary(name: Name): Op<undefined, void> {
  return {
    name,
    shape: shapeRule(name),
    forward({ kernels, inputs: [x], output }: ForwardCall<undefined>) {
      kernels[`${name}_forward`](x!.pointer, output.pointer, output.size);
    },
    backward(call: BackwardCall<undefined, void>) {
      if (!call.wants(0)) return;
      const { kernels, gradient, inputs, output } = call;
      const { pointer, accumulate } = call.target(0);
      const kernel = kernels[`${name}_gradient`];
      kernel(gradient.pointer, inputs[0]!.pointer, output.pointer, pointer, output.size, accumulate);
    },
  };
}

/** y = −x; ∂x = −g. */
export const neg: Op<undefined, void> = unary("neg");

/** y = |x|; ∂x = g·sign(x), 0 at 0. */
export const abs: Op<undefined, void> = unary("abs");

/** y = x²; ∂x = 2g·x. */
export const square: Op<undefined, void> = unary("square");

/** y = eˣ; ∂x = g·y. */
export const exp: Op<undefined, void> = unary("exp");

/** y = ln x; ∂x = g / x. */
export const log: Op<undefined, void> = unary("log");

/** y = √x; ∂x = g / (2y). */
export const sqrt: Op<undefined, void> = unary("sqrt");

/** y = 1/√x; ∂x = −g·y / (2x). */
export const rsqrt: Op<undefined, void> = unary("rsqrt");

/** y = 1/x; ∂x = −g·y². */
export const reciprocal: Op<undefined, void> = unary("reciprocal");

/** y = erf x; ∂x = g·2/√π·e^(−x²). */
export const erf: Op<undefined, void> = unary("erf");

/** y = sin x, x in radians; ∂x = g·cos x. */
export const sin: Op<undefined, void> = unary("sin");

/** y = cos x, x in radians; ∂x = −g·sin x. */
export const cos: Op<undefined, void> = unary("cos");

export interface PowAttributes {
  readonly exponent: number;
}

/** y = x^p for a constant p; ∂x = g·p·x^(p−1). NaN for a negative x and a fractional p. */
export const pow: Op<PowAttributes, void> = {
  name: "pow",
  shape: shapeRule("pow", ({ exponent }) => {
    if (!Number.isFinite(exponent)) throw new ConfigError(`pow: the exponent is a finite number, got ${exponent}`);
  }),
  forward({ kernels, inputs: [x], output, attributes }) {
    kernels.pow_forward(x!.pointer, output.pointer, output.size, attributes.exponent);
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { kernels, gradient, output, attributes } = call;
    const [x] = call.inputs as [Value];
    const { pointer, accumulate } = call.target(0);
    const { exponent } = attributes;
    kernels.pow_gradient(gradient.pointer, x.pointer, output.pointer, pointer, output.size, accumulate, exponent);
  },
};

export interface ClampAttributes {
  /** Default: no lower limit. */
  readonly min?: number | undefined;
  /** Default: no upper limit. */
  readonly max?: number | undefined;
}

function limits({ min = -Infinity, max = Infinity }: ClampAttributes): [number, number] {
  return [min, max];
}

/** y = min(max(x, min), max); ∂x = g where min < x < max, else 0. */
export const clamp: Op<ClampAttributes, void> = {
  name: "clamp",
  shape: shapeRule("clamp", (attributes) => {
    const [min, max] = limits(attributes);
    if (!(min <= max)) throw new ConfigError(`clamp: min ${min} is greater than max ${max}`);
  }),
  forward({ kernels, inputs: [x], output, attributes }) {
    kernels.clamp_forward(x!.pointer, output.pointer, output.size, ...limits(attributes));
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { kernels, gradient, output, attributes } = call;
    const [x] = call.inputs as [Value];
    const { pointer, accumulate } = call.target(0);
    const [min, max] = limits(attributes);
    kernels.clamp_gradient(gradient.pointer, x.pointer, output.pointer, pointer, output.size, accumulate, min, max);
  },
};
