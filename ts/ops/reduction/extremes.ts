import { ShapeError } from "../../errors/errors.js";
import { formatShape, sizeOf } from "../../values/tensor.js";
import { dimensionsOf } from "../shape/dimensions.js";
import type { Pointer, TakingOp, Value, Workspace } from "../op.js";
import { reducedShape, type Reduction, type ReductionAttributes, takeReduction } from "./reduction.js";
import { contiguous, copyStrided, type Strides } from "../shape/strides.js";

/** x with its reduced dimensions next to one another: `[outer, axis, inner]`, in x's own memory if they are so already. */
interface Arranged {
  readonly outer: number;
  readonly axis: number;
  readonly inner: number;
  /** Sizes and strides in x of the arrangement where it takes a copy, reduced dimensions last; null where none. */
  readonly copy: { readonly sizes: number[]; readonly strides: Strides } | null;
}

function arrange(name: string, { shape }: Value, { dim }: Reduction): Arranged {
  const dims = dimensionsOf(name, shape, dim).sort((a, b) => a - b);
  const first = dims[0] ?? shape.length;
  const end = (dims.at(-1) ?? first - 1) + 1;
  const axis = sizeOf(dims.map((d) => shape[d]!));
  if (end - first === dims.length) {
    return { outer: sizeOf(shape.slice(0, first)), axis, inner: sizeOf(shape.slice(end)), copy: null };
  }
  const order = [...shape.keys()].filter((d) => !dims.includes(d)).concat(dims);
  const steps = contiguous(shape);
  const sizes = order.map((d) => shape[d]!);
  return { outer: sizeOf(shape) / axis, axis, inner: 1, copy: { sizes, strides: order.map((d) => steps[d]!) } };
}

/** x's elements as arranged. */
function arranged(call: Workspace, x: Value, { copy }: Arranged): Pointer {
  if (copy === null) return x.pointer;
  const pointer = call.scratch(x.size);
  const strides = contiguous(copy.sizes);
  copyStrided(call, copy.sizes, { pointer: x.pointer, strides: copy.strides }, { pointer, strides });
  return pointer;
}

function extreme(
  name: "amax" | "amin",
  kernel: "max_axis" | "min_axis",
): TakingOp<ReductionAttributes, Reduction, void> {
  return {
    name,
    take: takeReduction,
    shape(inputs, attributes) {
      const shape = reducedShape(inputs, attributes, name);
      if (sizeOf(inputs[0]!) === 0 && sizeOf(shape) > 0) {
        throw new ShapeError(`${name}: ${formatShape(inputs[0]!)} has no elements to choose from`, { op: name });
      }
      return shape;
    },
    forward(call) {
      const x = call.inputs[0]!;
      if (x.size === 0) return;
      const view = arrange(name, x, call.attributes);
      call.kernels[kernel](arranged(call, x, view), call.output.pointer, view.outer, view.axis, view.inner);
    },
    backward(call) {
      const x = call.inputs[0]!;
      const target = call.target(0);
      if (x.size === 0) return;
      const { kernels, gradient, output } = call;
      const view = arrange(name, x, call.attributes);
      const { outer, axis, inner, copy } = view;
      const [g, source, y] = [gradient.pointer, arranged(call, x, view), output.pointer];
      if (copy === null) {
        return kernels.extreme_axis_gradient(g, source, y, target.pointer, outer, axis, inner, target.accumulate);
      }
      const pointer = call.scratch(x.size);
      kernels.extreme_axis_gradient(g, source, y, pointer, outer, axis, inner, 0);
      const from = { pointer, strides: contiguous(copy.sizes) };
      copyStrided(call, copy.sizes, from, { ...target, strides: copy.strides }, 1, target.accumulate);
    },
  };
}

/** y = max x over some dimensions, NaN where one is; ∂x = g at the largest, shared evenly among equals. */
export const amax: TakingOp<ReductionAttributes, Reduction, void> = extreme("amax", "max_axis");

/** y = min x over some dimensions, NaN where one is; ∂x = g at the smallest, shared evenly among equals. */
export const amin: TakingOp<ReductionAttributes, Reduction, void> = extreme("amin", "min_axis");
