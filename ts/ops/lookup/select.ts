import { type ErrorClass, ShapeError } from "../../errors/errors.js";
import { type Integers, integersOf } from "../../values/number-list.js";
import { type Read, type Readers, readOptions } from "../../arguments/options.js";
import { checkFills, checkLengths, checkShape, checkSize } from "../../values/tensor.js";
import { axisOf, dimensionOf, unchecked, viewAlong, withLength } from "../shape/dimensions.js";
import type { Pointer, Shape, TakingOp } from "../op.js";

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

/** The checked attributes. */
interface Selection {
  readonly dim: number;
  readonly indices: Integers;
}

interface Gathering extends Selection {
  readonly shape: Shape;
}

/** Reads whole numbers, which are checked with the shape. */
const indices: Read<Integers> = (what, name, value) => integersOf(what, name, value as number[]);

/** Reads a shape. */
export const lengths: Read<number[]> = (what, _, value) => checkLengths(what, value as number[]);

/** Throws an error of class `kind` unless each of `indices` is below `length`. */
export function checkIndices(
  what: string,
  { data, least, most }: Integers,
  length: number,
  kind: ErrorClass = ShapeError,
): void {
  if (least >= 0 && most < length) return;
  const place = data.findIndex((index) => index < 0 || index >= length);
  if (place < 0) return;
  const value = data[place];
  const message = `${what}: index ${value} at ${place} is not in 0 to ${length - 1}`;
  throw new kind(message, { option: "indices", value, place, length });
}

/** An op that takes elements from places along one dimension; its gradient is added back to where they came from. */
function selecting<G, A extends Selection>(
  name: string,
  kernel: "index_select" | "gather",
  adding: "index_add" | "scatter_add",
  readers: Readers<A>,
  resultShape: (x: Shape, axis: number, attributes: A) => Shape,
): TakingOp<G, A, Pointer> {
  return {
    name,
    take: (given, what) => readOptions(what, given, readers),
    shape([x], attributes, what) {
      const axis = dimensionOf(what, x!, attributes.dim);
      const shape = resultShape(x!, axis, attributes);
      checkIndices(what, attributes.indices, x![axis]!);
      return checkSize(what, shape);
    },
    forward(call) {
      const { kernels, inputs, output, attributes } = call;
      const x = inputs[0]!;
      const dim = axisOf(x.shape, attributes.dim);
      const { outer, axis, inner } = viewAlong(x.shape, dim);
      const index = call.upload(attributes.indices.data);
      kernels[kernel](x.pointer, index, output.pointer, outer, axis, output.shape[dim]!, inner);
      return index;
    },
    backward(call) {
      const { kernels, inputs, gradient, attributes, saved } = call;
      const { shape, size } = inputs[0]!;
      const dim = axisOf(shape, attributes.dim);
      const { outer, axis, inner } = viewAlong(shape, dim);
      const { pointer, accumulate } = call.target(0);
      if (!accumulate) kernels.fill(size, 0, pointer);
      kernels[adding](gradient.pointer, saved, pointer, outer, axis, gradient.shape[dim]!, inner);
    },
  };
}

/** y[o, j, i] = x[o, index[j], i]; ∂x is the sum of g over the places a row was taken to. */
export const indexSelect: TakingOp<IndexSelectAttributes, Selection, Pointer> = selecting(
  "indexSelect",
  "index_select",
  "index_add",
  { dim: unchecked, indices },
  (x, axis, { indices }) => withLength(x, axis, indices.data.length),
);

/** y[o, j, i] = x[o, index[o, j, i], i]; ∂x is the sum of g over the places an element was taken to. */
export const gather: TakingOp<GatherAttributes, Gathering, Pointer> = selecting(
  "gather",
  "gather",
  "scatter_add",
  { dim: unchecked, indices, shape: lengths },
  (x, axis, { indices, shape }) => {
    checkShape("gather", "indices", shape, withLength(x, axis, shape[axis] ?? 0));
    checkFills("gather", shape, "indices", indices.data.length);
    return shape;
  },
);
