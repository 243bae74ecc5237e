import { ConfigError, ShapeError } from "../errors.js";
import { type Integers, integersOf } from "../number-list.js";
import { checkOptions } from "../options.js";
import { whole } from "../settings.js";
import { checkLengths, checkSize, formatShape, sizeOf } from "../shape.js";
import { expectInputs } from "./broadcast.js";
import type { Pointer, Shape, TakingOp } from "./op.js";

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

/** As the op keeps them. */
interface Taken {
  readonly indices: Integers;
  readonly shape: Shape;
  readonly paddingIndex: number | undefined;
}

const names = ["shape", "paddingIndex"];

function take(given: Given | undefined): Taken {
  const { indices: rows, options } = given!;
  checkOptions("embedding", options, names);
  const { shape, paddingIndex } = options;
  const lengths = shape === undefined ? undefined : checkLengths("embedding", shape);
  if (paddingIndex !== undefined) whole("embedding", "paddingIndex", paddingIndex);
  const indices = integersOf("embedding", "indices", rows);
  return { indices, shape: lengths ?? [indices.data.length], paddingIndex };
}

function checkRows(weight: Shape, { indices, paddingIndex }: Taken): void {
  const vocabulary = weight[0]!;
  const range = vocabulary === 0 ? "has no rows" : `has rows 0 to ${vocabulary - 1}`;
  const { data, least, most } = indices;
  if (least < 0 || most >= vocabulary) {
    const place = data.findIndex((index) => index < 0 || index >= vocabulary);
    if (place >= 0) {
      const message = `embedding: index ${data[place]} at place ${place}: weight ${formatShape(weight)} ${range}`;
      throw new ConfigError(message, { index: data[place], weight });
    }
  }
  if (paddingIndex !== undefined && paddingIndex >= vocabulary) {
    throw new ConfigError(`embedding: paddingIndex ${paddingIndex}: weight ${formatShape(weight)} ${range}`);
  }
}

/**
 * y[..., ·] = weight[indices[...], ·]: weight `[vocabulary, d]` → `[..., d]`. ∂weight[r, ·] is the sum of g over the
 * places with index r, 0 for `paddingIndex`.
 */
export const embedding: TakingOp<Given, Taken, Pointer> = {
  name: "embedding",
  take,
  shape(inputs, attributes) {
    expectInputs("embedding", inputs, 1);
    const weight = inputs[0]!;
    if (weight.length !== 2) {
      throw new ShapeError(`embedding: weight must be [vocabulary, d], got ${formatShape(weight)}`, { weight });
    }
    const { shape, indices } = attributes;
    const count = indices.data.length;
    if (sizeOf(shape) !== count) {
      throw new ShapeError(`embedding: shape ${formatShape(shape)} holds ${sizeOf(shape)} indices, got ${count}`);
    }
    checkRows(weight, attributes);
    return checkSize("embedding", [...shape, weight[1]!]);
  },
  forward(call) {
    const weight = call.inputs[0]!;
    const { data } = call.attributes.indices;
    const index = call.upload(data);
    call.kernels.embedding_forward(weight.pointer, index, call.output.pointer, data.length, weight.shape[1]!);
    return index;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const [vocabulary, d] = call.inputs[0]!.shape as [number, number];
    const { indices, paddingIndex = -1 } = call.attributes;
    const { pointer, accumulate } = call.target(0);
    const { kernels, gradient, saved } = call;
    const count = indices.data.length;
    kernels.embedding_gradient(gradient.pointer, saved, pointer, vocabulary, d, count, paddingIndex, accumulate);
  },
};
