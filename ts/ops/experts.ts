import { ConfigError } from "../errors/errors.js";
import { checkFills, wrongShape } from "../values/tensor.js";
import type { Op, Pointer, Shape } from "./op.js";
import type { FrozenWeight } from "./product/frozen-weight.js";
import type { Integers } from "../values/number-list.js";
import { checkIndices } from "./lookup/select.js";

interface ExpertProductAttributes {
  /** W_e `[in, out]` of each expert that has rows. No inputs, since they get no gradient and outlive the step. */
  readonly weights: readonly FrozenWeight[];
  /** Columns of the result. */
  readonly outFeatures: number;
  /** Where the rows of each of these experts begin and, last, the number of rows: `[experts + 1]`. */
  readonly offsets: Int32Array;
}

/**
 * x `[rows, in]`, sorted by expert → `[rows, out]`: y = x·W_e on the rows of expert e, ∂x = g·W_eᵀ. A row has the bits that it has in a
 * product of its own. Experts without rows take no time.
 */
export const expertProduct: Op<ExpertProductAttributes, void> = {
  name: "expertProduct",
  shape([x], { weights, outFeatures, offsets }, what) {
    const width = weights[0]?.inFeatures ?? x!.at(-1);
    if (x!.length !== 2 || x![1] !== width) throw wrongShape(what, "x", `[rows, ${width}]`, x!);
    for (const { inFeatures, outFeatures: out } of weights)
      if (inFeatures !== width || out !== outFeatures)
        throw wrongShape(what, "a weight", `[${width}, ${outFeatures}]`, [inFeatures, out]);
    checkOffsets(what, offsets, weights.length, x!);
    return [x![0]!, outFeatures];
  },
  forward({ inputs: [x], output, attributes }) {
    eachExpert(attributes, (weight, rows, at) =>
      weight.times(rows, at(x!.pointer, weight.inFeatures), 0, at(output.pointer, weight.outFeatures)),
    );
  },
  backward(call) {
    const { pointer, accumulate } = call.target(0);
    const g = call.gradient.pointer;
    eachExpert(call.attributes, (weight, rows, at) =>
      weight.timesTransposed(rows, at(g, weight.outFeatures), accumulate, at(pointer, weight.inFeatures)),
    );
  },
};

function checkOffsets(what: string, offsets: Int32Array, experts: number, [rows]: Shape): void {
  const grows = offsets.every((offset, i) => offset >= (i === 0 ? 0 : offsets[i - 1]!));
  if (offsets.length === experts + 1 && offsets[0] === 0 && offsets.at(-1) === rows && grows) return;
  throw new ConfigError(`${what}: offsets must grow from 0 to the ${rows} rows, one for each of ${experts} weights`, {
    op: what,
    option: "offsets",
  });
}

/** @param body receives the address of an expert's first row in rows of some width */
function eachExpert(
  { weights, offsets }: ExpertProductAttributes,
  body: (weight: FrozenWeight, rows: number, at: (first: Pointer, width: number) => Pointer) => void,
): void {
  weights.forEach((weight, e) => {
    const [start, end] = [offsets[e]!, offsets[e + 1]!];
    if (end > start) body(weight, end - start, (first, width) => first + 4 * start * width);
  });
}

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
