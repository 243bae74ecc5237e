import { ConfigError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import { checkOptions } from "../options.js";
import { finite } from "../settings.js";
import { expectInputs } from "./broadcast.js";
import type { BackwardCall, ForwardCall, Op, TakingOp, Value } from "./op.js";

type Name = "neg" | "abs" | "square" | "exp" | "log" | "sqrt" | "rsqrt" | "reciprocal" | "erf" | "sin" | "cos";

function shapeRule(name: string): Op["shape"] {
  return (inputs) => {
    expectInputs(name, inputs, 1);
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

/** y = x^p for a constant p; ∂x = g·p·x^(p−1). NaN for a negative x and a fractional p. */
export const pow: TakingOp<number, number, void> = {
  name: "pow",
  take: (exponent) => finite("pow", "the exponent", exponent),
  shape: shapeRule("pow"),
  forward({ kernels, inputs: [x], output, attributes }) {
    kernels.pow_forward(x!.pointer, output.pointer, output.size, attributes);
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { kernels, gradient, output, attributes: exponent } = call;
    const [x] = call.inputs as [Value];
    const { pointer, accumulate } = call.target(0);
    kernels.pow_gradient(gradient.pointer, x.pointer, output.pointer, pointer, output.size, accumulate, exponent);
  },
};

export interface ClampAttributes {
  /** Default: no lower limit. */
  readonly min?: number | undefined;
  /** Default: no upper limit. */
  readonly max?: number | undefined;
}

const clampNames = ["min", "max"];

/** y = min(max(x, min), max); ∂x = g where min < x < max, else 0. */
export const clamp: TakingOp<ClampAttributes, readonly [min: number, max: number], void> = {
  name: "clamp",
  take(given = {}) {
    checkOptions("clamp", given, clampNames);
    const { min = -Infinity, max = Infinity } = given;
    for (const limit of [min, max]) {
      if (typeof limit === "number" && !Number.isNaN(limit)) continue;
      throw new ConfigError(`clamp: min and max are numbers, got ${excerpt(min)} and ${excerpt(max)}`, { min, max });
    }
    if (min > max) throw new ConfigError(`clamp: min ${min} is greater than max ${max}`, { min, max });
    return [min, max];
  },
  shape: shapeRule("clamp"),
  forward({ kernels, inputs: [x], output, attributes }) {
    kernels.clamp_forward(x!.pointer, output.pointer, output.size, ...attributes);
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { kernels, gradient, output, attributes } = call;
    const [x] = call.inputs as [Value];
    const { pointer, accumulate } = call.target(0);
    const [min, max] = attributes;
    kernels.clamp_gradient(gradient.pointer, x.pointer, output.pointer, pointer, output.size, accumulate, min, max);
  },
};
