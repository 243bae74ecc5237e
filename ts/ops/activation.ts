import { checkOptions } from "../options.js";
import { oneOf } from "../settings.js";
import { expectInputs } from "./broadcast.js";
import type { BackwardCall, ForwardCall, Op, TakingOp } from "./op.js";

type Kernel = "relu" | "sigmoid" | "tanh" | "silu" | "quick_gelu" | "gelu" | "gelu_tanh";

/** Forward and gradient by one of the kernels `<kernel>_forward` and `<kernel>_gradient`. */
function forward({ kernels, inputs, output }: ForwardCall<unknown>, kernel: Kernel): void {
  kernels[`${kernel}_forward`](inputs[0]!.pointer, output.pointer, output.size);
}

function backward(call: BackwardCall<unknown, void>, kernel: Kernel): void {
  if (!call.wants(0)) return;
  const { kernels, gradient, inputs, output } = call;
  const { pointer, accumulate } = call.target(0);
  const [x, y] = [inputs[0]!.pointer, output.pointer];
  kernels[`${kernel}_gradient`](gradient.pointer, x, y, pointer, output.size, accumulate);
}

function activation(name: string, kernel: Kernel): Op<undefined, void> {
  return {
    name,
    shape(inputs) {
      expectInputs(name, inputs, 1);
      return inputs[0]!;
    },
    forward: (call) => forward(call, kernel),
    backward: (call) => backward(call, kernel),
  };
}

/** y = max(x, 0); ∂x = g where x > 0, else 0. */
export const relu: Op<undefined, void> = activation("relu", "relu");

/** y = 1 / (1 + e⁻ˣ); ∂x = g·y·(1 − y). */
export const sigmoid: Op<undefined, void> = activation("sigmoid", "sigmoid");

/** y = tanh x; ∂x = g·(1 − y²). */
export const tanh: Op<undefined, void> = activation("tanh", "tanh");

/** y = x·σ(x), also called swish; ∂x = g·(σ + x·σ·(1 − σ)). */
export const silu: Op<undefined, void> = activation("silu", "silu");

/** y = x·σ(1.702·x), as CLIP has it; ∂x = g·(σ + 1.702·x·σ·(1 − σ)). */
export const quickGelu: Op<undefined, void> = activation("quickGelu", "quick_gelu");

export interface GeluAttributes {
  /** "none" (default): exact, by the normal distribution. "tanh": the cubic approximation that GPT-2 uses. */
  readonly approximate?: "none" | "tanh" | undefined;
}

const geluNames = ["approximate"];

/**
 * y = x·Φ(x), Φ the standard normal distribution; ∂x = g·(Φ(x) + x·φ(x)). With `approximate: "tanh"`
 * y = x·(1 + tanh u)/2, u = √(2/π)·(x + 0.044715·x³).
 */
export const gelu: TakingOp<GeluAttributes, Kernel, void> = {
  name: "gelu",
  take(given = {}) {
    checkOptions("gelu", given, geluNames);
    const { approximate = "none" } = given;
    return oneOf("gelu", "approximate", approximate, ["none", "tanh"]) === "tanh" ? "gelu_tanh" : "gelu";
  },
  shape(inputs) {
    expectInputs("gelu", inputs, 1);
    return inputs[0]!;
  },
  forward: (call) => forward(call, call.attributes),
  backward: (call) => backward(call, call.attributes),
};
