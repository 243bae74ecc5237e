import { ShapeError } from "../errors.js";
import { formatShape, sizeOf } from "../tensor.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf, viewAlong } from "./dimensions.js";
import type { Op, Pointer, Shape } from "./op.js";

type Indices = readonly number[] | Int32Array;

export interface IndexSelectAttributes {
  /** Dimension to choose along; negative ones count from the end. */
  readonly dim: number;
  /** Places to take, in order; they may repeat. */
  readonly indices: Indices;
}

export interface GatherAttributes extends IndexSelectAttributes {
  /** Shape of `indices` and of the result: the input's, but for the length of dimension `dim`. */
  readonly shape: Shape;
}

function checkIndices(name: string, indices: Indices, length: number): void {
  const wrong = indices.findIndex((index: number) => !Number.isInteger(index) || index < 0 || index >= length);
  if (wrong >= 0) {
    throw new ShapeError(`${name}: index ${indices[wrong]} at ${wrong} is not in 0 to ${length - 1}`, { length });
  }
}

/** y[o, j, i] = x[o, index[j], i]; ∂x is the sum of g over the places a row was taken to. */
export const indexSelect: Op<IndexSelectAttributes, Pointer> = {
  name: "indexSelect",
  shape(inputs, { dim, indices }) {
    expectInputs("indexSelect", inputs, 1);
    const axis = dimensionOf("indexSelect", inputs[0]!, dim);
    checkIndices("indexSelect", indices, inputs[0]![axis]!);
    return inputs[0]!.map((length, d) => (d === axis ? indices.length : length));
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, indices } = call.attributes;
    const { outer, axis, inner } = viewAlong(x.shape, dimensionOf("indexSelect", x.shape, dim));
    const index = call.upload(Int32Array.from(indices));
    call.kernels.index_select(x.pointer, index, call.output.pointer, outer, axis, indices.length, inner);
    return index;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape, size } = call.inputs[0]!;
    const { dim, indices } = call.attributes;
    const { outer, axis, inner } = viewAlong(shape, dimensionOf("indexSelect", shape, dim));
    const { pointer, accumulate } = call.target(0);
    if (!accumulate) call.kernels.fill(size, 0, pointer);
    call.kernels.index_add(call.gradient.pointer, call.saved, pointer, outer, axis, indices.length, inner);
  },
};

/** y[o, j, i] = x[o, index[o, j, i], i]; ∂x is the sum of g over the places an element was taken to. */
export const gather: Op<GatherAttributes, Pointer> = {
  name: "gather",
  shape(inputs, { dim, indices, shape }) {
    expectInputs("gather", inputs, 1);
    const from = inputs[0]!;
    const axis = dimensionOf("gather", from, dim);
    if (shape.length !== from.length || shape.some((length, d) => d !== axis && length !== from[d])) {
      const message = `gather: indices of shape ${formatShape(shape)} for ${formatShape(from)} may differ in dimension ${dim} alone`;
      throw new ShapeError(message, { from, shape, dim });
    }
    if (indices.length !== sizeOf(shape)) {
      throw new ShapeError(`gather: shape ${formatShape(shape)} holds ${sizeOf(shape)} indices, got ${indices.length}`);
    }
    checkIndices("gather", indices, from[axis]!);
    return [...shape];
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, indices, shape } = call.attributes;
    const along = dimensionOf("gather", x.shape, dim);
    const { outer, axis, inner } = viewAlong(x.shape, along);
    const index = call.upload(Int32Array.from(indices));
    call.kernels.gather(x.pointer, index, call.output.pointer, outer, axis, shape[along]!, inner);
    return index;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape: from, size } = call.inputs[0]!;
    const { dim, shape } = call.attributes;
    const along = dimensionOf("gather", from, dim);
    const { outer, axis, inner } = viewAlong(from, along);
    const { pointer, accumulate } = call.target(0);
    if (!accumulate) call.kernels.fill(size, 0, pointer);
    call.kernels.scatter_add(call.gradient.pointer, call.saved, pointer, outer, axis, shape[along]!, inner);
  },
};
