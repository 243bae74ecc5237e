import { share } from "../../arguments/settings.js";
import type { TakingOp } from "../op.js";

export interface DropoutAttributes {
  /** Probability that an element becomes 0, 0 to 1; rounded to a multiple of 2⁻¹⁶. */
  readonly p: number;
}

/** Low and high 32 bits of a seed of up to 53. */
export function seedWords(seed: number): [number, number] {
  return [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0];
}

/**
 * y = x·keep / (1 − p), keep being 1 with probability 1 − p and else 0, in training mode; y = x otherwise.
 * ∂x = g·keep / (1 − p). The mask is not kept: it comes again from the graph's seed and the call's number.
 * What forward saves is that number, or null where nothing was dropped.
 */
export const dropout: TakingOp<number, DropoutAttributes, number | null> = {
  name: "dropout",
  take: (p, what) => ({ p: share(what, "p", p) }),
  shape: ([x]) => x!,
  forward(call) {
    const { kernels, inputs, output, seed } = call;
    const { p } = call.attributes;
    if (!call.training || p === 0) {
      kernels.copy(output.size, inputs[0]!.pointer, output.pointer);
      return null;
    }
    const stream = call.nextStream();
    kernels.dropout(inputs[0]!.pointer, output.pointer, output.size, p, ...seedWords(seed), stream, 0);
    return stream;
  },
  backward(call) {
    const { kernels, gradient, seed, saved: stream } = call;
    if (stream === null) return call.pass(0);
    const { pointer, accumulate } = call.target(0);
    const { p } = call.attributes;
    kernels.dropout(gradient.pointer, pointer, gradient.size, p, ...seedWords(seed), stream, accumulate);
  },
};
