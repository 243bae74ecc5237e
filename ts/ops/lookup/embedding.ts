import { ConfigError } from "../../errors/errors.js";
import { type Integers, integersOf } from "../../values/number-list.js";
import { optional, readOptions } from "../../arguments/options.js";
import { whole } from "../../arguments/settings.js";
import { checkFills, checkSize, wrongShape } from "../../values/tensor.js";
import type { Pointer, Shape, TakingOp } from "../op.js";
import { checkIndices, lengths } from "./select.js";

export interface EmbeddingAttributes {
  /** Shape of the indices, `[...]`. Default `[indices.length]`. */
  readonly shape?: Shape | undefined;
  /** Row that receives no gradient. Default none. */
  readonly paddingIndex?: number | undefined;
}

/** What a caller gives: the rows to take, in order, which may repeat, and their arrangement. */
interface Given {
  readonly indices: ArrayLike<number>;
  readonly options: EmbeddingAttributes;
}

/** The checked attributes. */
interface Taken {
  readonly indices: Integers;
  readonly shape: Shape;
  readonly paddingIndex: number | undefined;
}

const readers = { shape: optional(lengths), paddingIndex: optional(whole) };

/**
 * y[..., ·] = weight[indices[...], ·]: weight `[vocabulary, d]` → `[..., d]`. ∂weight[r, ·] is the sum of g over the
 * places with index r, 0 for `paddingIndex`.
 */
export const embedding: TakingOp<Given, Taken, Pointer> = {
  name: "embedding",
  frozen: 0,
  take(given, what) {
    const { options, indices: rows } = given!;
    const { shape, paddingIndex } = readOptions(what, options, readers);
    const indices = integersOf(what, "indices", rows);
    return { indices, shape: shape ?? [indices.data.length], paddingIndex };
  },
  shape([weight], { shape, indices, paddingIndex }, what) {
    if (weight!.length !== 2) throw wrongShape(what, "weight", "[vocabulary, d]", weight!);
    const [vocabulary, d] = weight as [number, number];
    checkFills(what, shape, "indices", indices.data.length);
    checkIndices(what, indices, vocabulary, ConfigError);
    if (paddingIndex !== undefined && paddingIndex >= vocabulary) {
      const message = `${what}: paddingIndex ${paddingIndex} is not below the ${vocabulary} rows of the weight`;
      throw new ConfigError(message, { option: "paddingIndex", value: paddingIndex, length: vocabulary });
    }
    return checkSize(what, [...shape, d]);
  },
  forward(call) {
    const weight = call.inputs[0]!;
    const { data } = call.attributes.indices;
    const index = call.upload(data);
    const frozen = call.frozen(0);
    if (frozen !== null) frozen.rows(index, data.length, call.output.pointer);
    else call.kernels.embedding_forward(weight.pointer, index, call.output.pointer, data.length, weight.shape[1]!);
    return index;
  },
  backward(call) {
    const [vocabulary, d] = call.inputs[0]!.shape as [number, number];
    const { indices, paddingIndex = -1 } = call.attributes;
    const { pointer, accumulate } = call.target(0);
    const { kernels, gradient, saved } = call;
    const count = indices.data.length;
    kernels.embedding_gradient(gradient.pointer, saved, pointer, vocabulary, d, count, paddingIndex, accumulate);
  },
};
