import { ShapeError } from "../errors.js";
import { type Integers, integersOf } from "../number-list.js";
import { checkOptions } from "../options.js";
import { checkLengths, checkSize, formatShape, sizeOf } from "../shape.js";
import { expectInputs } from "./broadcast.js";
import { dimensionOf, viewAlong } from "./dimensions.js";
import type { Pointer, Shape, TakingOp } from "./op.js";

export interface IndexSelectAttributes {
  /** Dimension to choose along; negative ones count from the end. */
  readonly dim: number;
  /** Places to take, in order; they may repeat. */
  readonly indices: readonly number[] | Int32Array;
}

export interface GatherAttributes extends IndexSelectAttributes {
  /** Shape of `indices` and of the result: the input's, but for the length of dimension `dim`. */
  readonly shape: Shape;
}

/** As the ops keep them. */
interface Selection {
  readonly dim: number;
  readonly indices: Integers;
}

interface Gathering extends Selection {
  readonly shape: Shape;
}

const selectNames = ["dim", "indices"];
const gatherNames = ["dim", "indices", "shape"];

function checkIndices(name: string, { data, least, most }: Integers, length: number): void {
  if (least >= 0 && most < length) return;
  const wrong = data.findIndex((index) => index < 0 || index >= length);
  if (wrong >= 0) {
    throw new ShapeError(`${name}: index ${data[wrong]} at ${wrong} is not in 0 to ${length - 1}`, { length });
  }
}

/** y[o, j, i] = x[o, index[j], i]; ∂x is the sum of g over the places a row was taken to. */
export const indexSelect: TakingOp<IndexSelectAttributes, Selection, Pointer> = {
  name: "indexSelect",
  take(given) {
    checkOptions("indexSelect", given, selectNames);
    const { dim, indices } = given!;
    return { dim, indices: integersOf("indexSelect", "indices", indices) };
  },
  shape(inputs, { dim, indices }) {
    expectInputs("indexSelect", inputs, 1);
    const axis = dimensionOf("indexSelect", inputs[0]!, dim);
    checkIndices("indexSelect", indices, inputs[0]![axis]!);
    return checkSize(
      "indexSelect",
      inputs[0]!.map((length, d) => (d === axis ? indices.data.length : length)),
    );
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, indices } = call.attributes;
    const { outer, axis, inner } = viewAlong(x.shape, dimensionOf("indexSelect", x.shape, dim));
    const index = call.upload(indices.data);
    call.kernels.index_select(x.pointer, index, call.output.pointer, outer, axis, indices.data.length, inner);
    return index;
  },
  backward(call) {
    if (!call.wants(0)) return;
    const { shape, size } = call.inputs[0]!;
    const { dim, indices } = call.attributes;
    const { outer, axis, inner } = viewAlong(shape, dimensionOf("indexSelect", shape, dim));
    const { pointer, accumulate } = call.target(0);
    if (!accumulate) call.kernels.fill(size, 0, pointer);
    call.kernels.index_add(call.gradient.pointer, call.saved, pointer, outer, axis, indices.data.length, inner);
  },
};

/** y[o, j, i] = x[o, index[o, j, i], i]; ∂x is the sum of g over the places an element was taken to. */
export const gather: TakingOp<GatherAttributes, Gathering, Pointer> = {
  name: "gather",
  take(given) {
    checkOptions("gather", given, gatherNames);
    const { dim, indices, shape } = given!;
    return { dim, shape: checkLengths("gather", shape), indices: integersOf("gather", "indices", indices) };
  },
  shape(inputs, { dim, indices, shape }) {
    expectInputs("gather", inputs, 1);
    const from = inputs[0]!;
    const axis = dimensionOf("gather", from, dim);
    if (shape.length !== from.length || shape.some((length, d) => d !== axis && length !== from[d])) {
      const message = `gather: indices of shape ${formatShape(shape)} for ${formatShape(from)} may differ in dimension ${dim} alone`;
      throw new ShapeError(message, { from, shape, dim });
    }
    const count = indices.data.length;
    if (count !== sizeOf(shape)) {
      throw new ShapeError(`gather: shape ${formatShape(shape)} holds ${sizeOf(shape)} indices, got ${count}`);
    }
    checkIndices("gather", indices, from[axis]!);
    return checkSize("gather", shape);
  },
  forward(call) {
    const x = call.inputs[0]!;
    const { dim, indices, shape } = call.attributes;
    const along = dimensionOf("gather", x.shape, dim);
    const { outer, axis, inner } = viewAlong(x.shape, along);
    const index = call.upload(indices.data);
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
