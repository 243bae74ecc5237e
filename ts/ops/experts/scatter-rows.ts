import { checkFills, wrongShape } from "../../values/shape.js";
import type { Integers } from "../../values/number-list.js";
import { checkIndices } from "../lookup/select.js";
import type { Op, Pointer } from "../op.js";

interface ScatterRowsAttributes {
  /** The row of the result that each row of x is added to. */
  readonly indices: Integers;
  /** Rows of the result. */
  readonly rows: number;
}

/** x `[n, d]` → `[rows, d]`: y[r, ·] = Σ x[j, ·] over j with index[j] = r, in the order of j; ∂x[j, ·] = g[index[j], ·]. */
export const scatterRows: Op<ScatterRowsAttributes, Pointer> = {
  name: "scatterRows",
  shape([x], { indices, rows }, what) {
    if (x!.length !== 2) throw wrongShape(what, "x", "[n, d]", x!);
    checkFills(what, [x![0]!], "indices", indices.data.length);
    checkIndices(what, indices, rows);
    return [rows, x![1]!];
  },
  forward(call) {
    const { kernels, inputs, output, attributes } = call;
    const index = call.upload(attributes.indices.data);
    const [rows, d] = output.shape as [number, number];
    // The gradient of rows that are looked up.
    const none = -1;
    kernels.embedding_gradient(inputs[0]!.pointer, index, output.pointer, rows, d, inputs[0]!.shape[0]!, none, 0);
    return index;
  },
  backward(call) {
    const { kernels, inputs, gradient, saved } = call;
    const [n, d] = inputs[0]!.shape as [number, number];
    const { pointer, accumulate } = call.target(0);
    if (accumulate === 0) return kernels.embedding_forward(gradient.pointer, saved, pointer, n, d);
    const rows = call.scratch(n * d);
    kernels.embedding_forward(gradient.pointer, saved, rows, n, d);
    kernels.axpy(n * d, 1, rows, pointer);
  },
};
