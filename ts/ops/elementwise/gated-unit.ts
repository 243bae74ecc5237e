import { wrongShape } from "../../values/tensor.js";
import type { Op } from "../op.js";

/** Activations of a gated unit; the place is the kernels' number of each. */
const gatedActivations = ["silu", "gelu", "gelu_tanh"] as const;

export type GatedActivation = (typeof gatedActivations)[number];

/** y = f(a)·b for x `[…, 2·n]` = (a, b) → `[…, n]` (GLU, arXiv 2002.05202); ∂a = g·b·f′(a), ∂b = g·f(a). */
export const gatedUnit: Op<{ readonly activation: GatedActivation }, void> = {
  name: "gatedUnit",
  shape([x], _, what) {
    const last = x!.at(-1) ?? 1;
    if (last % 2 !== 0) throw wrongShape(what, "x", "[…, 2·n]", x!);
    return [...x!.slice(0, -1), last / 2];
  },
  forward({ kernels, inputs: [x], output, attributes }) {
    const columns = output.shape.at(-1)!;
    const rows = columns === 0 ? 0 : output.size / columns;
    kernels.gated_forward(x!.pointer, output.pointer, rows, columns, gatedActivations.indexOf(attributes.activation));
  },
  backward(call) {
    const { kernels, inputs, gradient, attributes } = call;
    const columns = gradient.shape.at(-1)!;
    const rows = columns === 0 ? 0 : gradient.size / columns;
    const activation = gatedActivations.indexOf(attributes.activation);
    const { pointer, accumulate } = call.target(0);
    kernels.gated_gradient(gradient.pointer, inputs[0]!.pointer, pointer, rows, columns, activation, accumulate);
  },
};
