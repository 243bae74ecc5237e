import { wrongShape } from "../../values/tensor.js";
import type { Op } from "../op.js";
import { rowsOf } from "./linear.js";

/**
 * y = x·Tᵀ with x `[…, d]` and a table T `[rows, d]` → `[…, rows]`: logits of an output layer that is tied to the embedding. ∂x = g·T,
 * ∂T = gᵀ·x. A frozen T says how it takes part.
 */
export const tableProduct: Op<undefined, void> = {
  name: "tableProduct",
  frozen: 1,
  shape([x, table], _, what) {
    const [rows, d] = table as [number, number];
    if (table!.length !== 2 || x!.length === 0 || x!.at(-1) !== d)
      throw wrongShape(what, "x", `[…, ${d}], as wide as the table`, x!);
    return [...x!.slice(0, -1), rows];
  },
  forward(call) {
    const { kernels, inputs, output } = call;
    const [x, table] = inputs;
    const [rows, d] = table!.shape as [number, number];
    const m = rowsOf(x!.shape);
    const frozen = call.frozen(1);
    if (frozen !== null) frozen.timesTransposed(m, x!.pointer, 0, output.pointer);
    else kernels.gemm(m, rows, d, 1, x!.pointer, d, 1, table!.pointer, 1, d, 0, output.pointer, rows, 0);
  },
  backward(call) {
    const { kernels, inputs, gradient } = call;
    const [x, table] = inputs;
    const [rows, d] = table!.shape as [number, number];
    const m = rowsOf(x!.shape);
    const g = gradient.pointer;
    if (call.wants(0)) {
      const { pointer, accumulate } = call.target(0);
      const frozen = call.frozen(1);
      if (frozen === null) kernels.gemm(m, d, rows, 1, g, rows, 1, table!.pointer, d, 1, accumulate, pointer, d, 0);
      else if (accumulate === 0) frozen.times(m, g, 0, pointer);
      else {
        const product = call.scratch(m * d);
        frozen.times(m, g, 0, product);
        kernels.axpy(m * d, 1, product, pointer);
      }
    }
    if (call.wants(1)) {
      const { pointer, accumulate } = call.target(1);
      kernels.gemm(rows, d, m, 1, g, 1, rows, x!.pointer, d, 1, accumulate, pointer, d, 0);
    }
  },
};
