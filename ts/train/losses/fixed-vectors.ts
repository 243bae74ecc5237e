import { unexpected } from "../../arguments/settings.js";
import { typedKind } from "../../arguments/typed-array.js";
import { ShapeError } from "../../errors/errors.js";
import type { NodeId } from "../../graph/graph.js";
import { formatShape, sameShape } from "../../values/shape.js";
import type { Tensor } from "../../values/tensor.js";
import { hostNumbers } from "./host-numbers.js";
import type { LossCall } from "./loss-plan.js";

/**
 * Vectors that are not trained, `[rows, d]` for each column, as an option gives them: one for all columns, a list with one for each, or
 * one of shape `[rows, columns, d]`; each a node, a tensor or lists of numbers. `widths` are the allowed d.
 */
export function fixedVectors(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor[] {
  const { what, columns, rows } = call;
  if (given === undefined) throw unexpected(what, name, "vectors, which this loss needs", given);
  if (Array.isArray(given) && given.length === columns && isMatrix(call, given[0], widths)) {
    return given.map((each: unknown, place) => matrix(call, `${name}[${place}]`, each, widths));
  }
  const { shape, data } = tensorOf(call, name, given);
  if (shape.length !== 3) return new Array<Tensor>(columns).fill(matrix(call, name, given, widths));
  const [, , width] = shape as [number, number, number];
  if (!sameShape(shape, [rows, columns, width]) || widths?.includes(width) === false) throw wrong(call, name, shape);
  return Array.from({ length: columns }, (_, column) => {
    const part = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      const start = (row * columns + column) * width;
      part.set(data.subarray(start, start + width), row * width);
    }
    return { shape: [rows, width], data: part };
  });
}

/** Whether a value can be one column's vectors by itself, and is not a row of vectors for all. */
function isMatrix({ rows, columns }: LossCall, value: unknown, widths?: readonly number[]): boolean {
  if (typeof value === "number") return true;
  if (typedKind(value) !== undefined) return columns !== rows;
  if (!Array.isArray(value)) return typeof value === "object" && value !== null && "shape" in value;
  const first: unknown = value[0];
  return value.length === rows && Array.isArray(first) && widths?.includes(first.length) !== false;
}

function tensorOf({ what, graph }: LossCall, name: string, given: unknown): Tensor {
  if (typeof given === "number") return graph.value(given as NodeId);
  const { shape, data } = hostNumbers(what, name, given);
  return { shape, data: Float32Array.from(data) };
}

function matrix(call: LossCall, name: string, given: unknown, widths?: readonly number[]): Tensor {
  const { shape, data } = tensorOf(call, name, given);
  const width = data.length / call.rows;
  const fits = shape.length === 1 ? Number.isInteger(width) : sameShape(shape, [call.rows, width]);
  if (fits && widths?.includes(width) !== false) return { shape: [call.rows, width], data };
  throw wrong(call, name, shape);
}

function wrong({ what, rows, columns, width }: LossCall, name: string, actual: readonly number[]): ShapeError {
  const expected = `[${rows}, ${width}], or [${rows}, ${columns}, ${width}] for all columns`;
  const message = `${what}: ${name} must be ${expected}, got ${formatShape(actual)}`;
  return new ShapeError(message, { op: what, option: name, expected, actual });
}
