import { ConfigError, ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor.js";
import { expectInputs } from "./broadcast.js";
import type { Op, Pointer, Shape } from "./op.js";

export interface EmbeddingAttributes {
  /** Rows to take, in order; they may repeat. */
  readonly indices: ArrayLike<number>;
  /** Shape of the indices, `[...]`. Default `[indices.length]`. */
  readonly shape?: Shape | undefined;
  /** Row that receives no gradient. Default none. */
  readonly paddingIndex?: number | undefined;
}

/**
 * y[..., ·] = weight[indices[...], ·]: weight `[vocabulary, d]` → `[..., d]`. ∂weight[r, ·] is the sum of g over the
 * places with index r, 0 for `paddingIndex`.
 */
export const embedding: Op<EmbeddingAttributes, Pointer> = {
  name: "embedding",
  shape(inputs, { indices, shape = [indices.length], paddingIndex }) {
    expectInputs("embedding", inputs, 1);
    const weight = inputs[0]!;
    if (weight.length !== 2) {
      throw new ShapeError(`embedding: weight must be [vocabulary, d], got ${formatShape(weight)}`, { weight });
    }
    const [vocabulary, d] = weight as [number, number];
    if (sizeOf(shape) !== indices.length) {
      throw new ShapeError(
        `embedding: shape ${formatShape(shape)} holds ${sizeOf(shape)} indices, got ${indices.length}`,
      );
    }
    const isRow = (index: number) => Number.isInteger(index) && index >= 0 && index < vocabulary;
    const range = vocabulary === 0 ? "has no rows" : `has rows 0 to ${vocabulary - 1}`;
    for (let i = 0; i < indices.length; i++) {
      if (!isRow(indices[i]!)) {
        throw new ConfigError(`embedding: index ${indices[i]} at place ${i}: weight ${formatShape(weight)} ${range}`, {
          index: indices[i],
          weight,
        });
      }
    }
    if (paddingIndex !== undefined && !isRow(paddingIndex)) {
      throw new ConfigError(`embedding: paddingIndex ${paddingIndex}: weight ${formatShape(weight)} ${range}`);
    }
    return [...shape, d];
  },
  forward(call) {
    const weight = call.inputs[0]!;
    const index = call.upload(Int32Array.from(call.attributes.indices));
    const { length } = call.attributes.indices;
    call.kernels.embedding_forward(weight.pointer, index, call.output.pointer, length, weight.shape[1]!);
    return index;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const [vocabulary, d] = call.inputs[0]!.shape as [number, number];
    const { indices, paddingIndex = -1 } = call.attributes;
    const { pointer, accumulate } = call.target(0);
    const { kernels, gradient, saved } = call;
    kernels.embedding_gradient(
      gradient.pointer,
      saved,
      pointer,
      vocabulary,
      d,
      indices.length,
      paddingIndex,
      accumulate,
    );
  },
};
