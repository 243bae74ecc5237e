import { checkSize, wrongShape } from "../../values/tensor.js";
import { checkOffsets, offsets } from "../shape/offsets.js";
import type { Pointer, TakingOp } from "../op.js";

/**
 * y[s, ·] = mean of the rows of x that belong to sequence s, 0 where there are none: `[tokens, d]` → `[batch, d]`.
 * ∂x[j, ·] = g[s, ·] / (rows of s). The attribute is where the sequences start in x and, last, the number of tokens:
 * `[batch + 1]`. What forward saves is its copy in linear memory.
 */
export const meanPool: TakingOp<ArrayLike<number>, Int32Array, Pointer> = {
  name: "meanPool",
  take: (given, what) => offsets(what, "offsets", given),
  shape([x], offsets, what) {
    if (x!.length !== 2) throw wrongShape(what, "x", "[tokens, d]", x!);
    checkOffsets(what, offsets, x![0]!);
    return checkSize(what, [offsets.length - 1, x![1]!]);
  },
  forward(call) {
    const offsets = call.upload(call.attributes);
    const [batch, d] = call.output.shape as [number, number];
    call.kernels.mean_pool_forward(call.inputs[0]!.pointer, offsets, call.output.pointer, batch, d);
    return offsets;
  },
  backward(call) {
    const [batch, d] = call.output.shape as [number, number];
    const { pointer, accumulate } = call.target(0);
    call.kernels.mean_pool_gradient(call.gradient.pointer, call.saved, pointer, batch, d, accumulate);
  },
};
