import { ShapeError } from "../../errors/errors.js";
import { formatShape, listOf } from "../../values/tensor.js";
import { dimensionOf, dimensionsOf } from "./dimensions.js";
import type { BackwardCall, ForwardCall, Op, Shape, TakingOp } from "../op.js";
import { contiguous, copyStrided } from "./strides.js";

export interface TransposeAttributes {
  readonly dim0: number;
  readonly dim1: number;
}

function orderOf(shape: Shape, dims: readonly number[]): number[] {
  const order = dimensionsOf("permute", shape, dims);
  if (order.length !== shape.length) {
    const message = `permute: ${formatShape(shape)} has ${shape.length} dimensions, got ${formatShape(dims)}`;
    throw new ShapeError(message, { option: "dims", value: dims });
  }
  return order;
}

function swapped(shape: Shape, { dim0, dim1 }: TransposeAttributes): number[] {
  const [from, to] = [dimensionOf("transpose", shape, dim0), dimensionOf("transpose", shape, dim1)];
  return shape.map((_, d) => (d === from ? to : d === to ? from : d));
}

function permuting<A>(name: string, order: (shape: Shape, attributes: A) => number[]): Op<A, void> {
  return {
    name,
    shape: ([x], attributes) => order(x!, attributes).map((d) => x![d]!),
    forward(call: ForwardCall<A>) {
      const [x] = call.inputs;
      const own = contiguous(x!.shape);
      const strides = order(x!.shape, call.attributes).map((d) => own[d]!);
      const { shape, pointer } = call.output;
      copyStrided(call, shape, { pointer: x!.pointer, strides }, { pointer, strides: contiguous(shape) });
    },
    backward(call: BackwardCall<A, void>) {
      const { shape } = call.inputs[0]!;
      const own = contiguous(call.gradient.shape);
      const strides = new Array<number>(shape.length);
      order(shape, call.attributes).forEach((d, to) => (strides[d] = own[to]!));
      const { pointer, accumulate } = call.target(0);
      const from = { pointer: call.gradient.pointer, strides };
      copyStrided(call, shape, from, { pointer, strides: contiguous(shape) }, 1, accumulate);
    },
  };
}

/**
 * y = x with its dimensions in another order; ∂x = g in the order before. The attribute is the dimension of x that each
 * dimension of y is.
 */
export const permute: TakingOp<readonly number[], readonly number[], void> = {
  ...permuting("permute", orderOf),
  take: (dims, what) => listOf(what, "dims", dims!),
};

/** y = x with two dimensions exchanged; ∂x = g with the same two exchanged. */
export const transpose: Op<TransposeAttributes, void> = permuting("transpose", swapped);
