import { ConfigError } from "../../errors/errors.js";
import { choice, or, readOptions } from "../../arguments/options.js";
import { check, finite } from "../../arguments/settings.js";
import type { ActivationKernels, UnaryKernels } from "../../engine/kernels.js";
import type { Op, TakingOp } from "../op.js";

/** `<kernel>_forward` and `<kernel>_gradient` are exported for each. */
type Kernel = NameOf<keyof UnaryKernels | keyof ActivationKernels>;
type NameOf<Export> = Export extends `${infer Name}_forward` ? Name : never;

/** What a call of an op with attributes is: the kernel, where there are several, and the constants it takes. */
interface Chosen {
  readonly kernel?: Kernel;
  /** Last arguments. Kernels that have none do not look at them. */
  readonly constants?: readonly [number, number?];
}

type Forward = (x: number, y: number, length: number, ...constants: (number | undefined)[]) => void;
type Gradient = (
  g: number, x: number, y: number, dx: number, length: number, accumulate: number, ...constants: (number | undefined)[]
) => void; // prettier-ignore

const usual: Chosen = {};
const none: readonly [number?, number?] = [];

/** The exports of each kernel, named once: putting a name together costs as much as a small kernel. */
const exportsOf = new Map<Kernel, { readonly forward: `${Kernel}_forward`; readonly gradient: `${Kernel}_gradient` }>();

function namesOf(kernel: Kernel) {
  let names = exportsOf.get(kernel);
  if (names === undefined) {
    names = { forward: `${kernel}_forward`, gradient: `${kernel}_gradient` };
    exportsOf.set(kernel, names);
  }
  return names;
}

/** Forward and gradient by kernels `<kernel>_forward` and `<kernel>_gradient`. */
function elementwise<A extends Chosen | undefined>(name: string, own = name as Kernel): Op<A, void> {
  const names = namesOf(own);
  return {
    name,
    shape: ([x]) => x!,
    forward({ kernels, inputs: [x], output, attributes }) {
      const { kernel, constants: [a, b] = none } = attributes ?? usual;
      const { forward } = kernel === undefined ? names : namesOf(kernel);
      (kernels[forward] as Forward)(x!.pointer, output.pointer, output.size, a, b);
    },
    backward(call) {
      const { kernels, gradient, inputs, output, attributes } = call;
      const { kernel, constants: [a, b] = none } = attributes ?? usual;
      const { pointer, accumulate } = call.target(0);
      const run = kernels[kernel === undefined ? names.gradient : namesOf(kernel).gradient] as Gradient;
      run(gradient.pointer, inputs[0]!.pointer, output.pointer, pointer, output.size, accumulate, a, b);
    },
  };
}

/** y = −x; ∂x = −g. */
export const neg: Op<undefined, void> = elementwise("neg");

/** y = |x|; ∂x = g·sign(x), 0 at 0. */
export const abs: Op<undefined, void> = elementwise("abs");

/** y = x²; ∂x = 2g·x. */
export const square: Op<undefined, void> = elementwise("square");

/** y = eˣ; ∂x = g·y. */
export const exp: Op<undefined, void> = elementwise("exp");

/** y = ln x; ∂x = g / x. */
export const log: Op<undefined, void> = elementwise("log");

/** y = √x; ∂x = g / (2y). */
export const sqrt: Op<undefined, void> = elementwise("sqrt");

/** y = 1/√x; ∂x = −g·y / (2x). */
export const rsqrt: Op<undefined, void> = elementwise("rsqrt");

/** y = 1/x; ∂x = −g·y². */
export const reciprocal: Op<undefined, void> = elementwise("reciprocal");

/** y = erf x; ∂x = g·2/√π·e^(−x²). */
export const erf: Op<undefined, void> = elementwise("erf");

/** y = sin x, x in radians; ∂x = g·cos x. */
export const sin: Op<undefined, void> = elementwise("sin");

/** y = cos x, x in radians; ∂x = −g·sin x. */
export const cos: Op<undefined, void> = elementwise("cos");

/** y = max(x, 0); ∂x = g where x > 0, else 0. */
export const relu: Op<undefined, void> = elementwise("relu");

/** y = 1 / (1 + e⁻ˣ); ∂x = g·y·(1 − y). */
export const sigmoid: Op<undefined, void> = elementwise("sigmoid");

/** y = tanh x; ∂x = g·(1 − y²). */
export const tanh: Op<undefined, void> = elementwise("tanh");

/** y = x·σ(x), also called swish; ∂x = g·(σ + x·σ·(1 − σ)). */
export const silu: Op<undefined, void> = elementwise("silu");

/** y = x·σ(1.702·x), as CLIP has it; ∂x = g·(σ + 1.702·x·σ·(1 − σ)). */
export const quickGelu: Op<undefined, void> = elementwise("quickGelu", "quick_gelu");

export interface GeluAttributes {
  /** "none" (default): exact, by the normal distribution. "tanh": the cubic approximation that GPT-2 uses. */
  readonly approximate?: "none" | "tanh" | undefined;
}

/**
 * y = x·Φ(x), Φ the standard normal distribution; ∂x = g·(Φ(x) + x·φ(x)). With `approximate: "tanh"`
 * y = x·(1 + tanh u)/2, u = √(2/π)·(x + 0.044715·x³).
 */
export const gelu: TakingOp<GeluAttributes, Chosen, void> = {
  ...elementwise("gelu"),
  take(given = {}, what) {
    const { approximate } = readOptions(what, given, { approximate: choice("none", "tanh") });
    return { kernel: approximate === "tanh" ? "gelu_tanh" : "gelu" };
  },
};

/** y = x^p for a constant p; ∂x = g·p·x^(p−1). NaN for a negative x and a fractional p. */
export const pow: TakingOp<number, Chosen, void> = {
  ...elementwise("pow"),
  take: (exponent, what) => ({ constants: [finite(what, "the exponent", exponent)] }),
};

export interface ClampAttributes {
  /** Default: no lower limit. */
  readonly min?: number | undefined;
  /** Default: no upper limit. */
  readonly max?: number | undefined;
}

const limit = check<number>("a number", (value) => typeof value === "number" && !Number.isNaN(value));

/** y = min(max(x, min), max); ∂x = g where min < x < max, else 0. */
export const clamp: TakingOp<ClampAttributes, Chosen, void> = {
  ...elementwise("clamp"),
  take(given = {}, what) {
    const { min, max } = readOptions(what, given, { min: or(-Infinity, limit), max: or(Infinity, limit) });
    if (min > max) throw new ConfigError(`${what}: min ${min} is greater than max ${max}`, { op: what, min, max });
    return { constants: [min, max] };
  },
};
