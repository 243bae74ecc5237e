import type { Op } from "../op.js";

/** y = ln(1 + eˣ); ∂x = g·σ(x). */
export const softplus: Op<undefined, void> = {
  name: "softplus",
  shape: ([x]) => x!,
  forward({ kernels, inputs: [x], output }) {
    kernels.softplus_forward(x!.pointer, output.pointer, output.size);
  },
  backward(call) {
    const { kernels, gradient, inputs, output } = call;
    const { pointer, accumulate } = call.target(0);
    kernels.softplus_gradient(gradient.pointer, inputs[0]!.pointer, output.pointer, pointer, output.size, accumulate);
  },
};
