import { sizeOf } from "../../values/tensor.js";
import type { OnnxTensor } from "../../io/onnx/tensor.js";

/** A tensor of a model in another file, and whether it is there transposed. */
export interface Match {
  readonly tensor: OnnxTensor;
  readonly transposed: boolean;
}

/** Elements that are compared before all are: some at each of a few places. */
const [RUNS, RUN] = [4, 16];
/** Half precision has this distance of neighbours, relatively; converters lift what is smaller than the second to it, or drop it. */
const HALF = 2 ** -10;
const LEAST_HALF = 2e-7;

/** Whether a tensor could be that matrix, or its transpose, by its shape. */
export function fits({ shape, dtype, data }: OnnxTensor, of: readonly number[]): boolean {
  if (dtype === null || data.kind === "other" || sizeOf(shape) !== sizeOf(of) || shape.length !== of.length)
    return false;
  return shape.every((length, i) => length === of[i]) || (of.length === 2 && shape[0] === of[1] && shape[1] === of[0]);
}

/** Reads a constant's values from one element to another. */
export type ReadValues = (tensor: OnnxTensor, begin: number, end: number) => Promise<Float32Array>;

/**
 * Compares a constant's values with a matrix's: some places first, then all.
 * @param values the matrix's, as its file has them
 * @returns "same", "transposed" or null where it is neither; a matrix that is its own transpose is the same
 */
export async function compareValues(
  tensor: OnnxTensor,
  read: ReadValues,
  shape: readonly number[],
  values: Float32Array,
): Promise<"same" | "transposed" | null> {
  const equal = tensor.dtype === "F32" ? exactly : nearly;
  const [rows = 1, columns = 1] = shape;
  const orders = new Map<"same" | "transposed", (i: number) => number>();
  if (tensor.shape.every((length, i) => length === shape[i])) orders.set("same", (i) => i);
  // Element i of the transpose, [columns, rows], in the matrix.
  if (shape.length === 2 && tensor.shape[0] === columns)
    orders.set("transposed", (i) => (i % rows) * columns + Math.floor(i / rows));
  const run = Math.min(RUN, values.length);
  const last = values.length - run;
  const starts = Array.from({ length: RUNS }, (_, i) => Math.floor((i * last) / (RUNS - 1)));
  for (const [begin, end] of [...starts.map((start) => [start, start + run]), [0, values.length]] as [
    number,
    number,
  ][]) {
    const found = await read(tensor, begin, end);
    for (const [how, place] of orders)
      if (!found.every((value, i) => equal(value, values[place(begin + i)]!))) orders.delete(how);
    if (orders.size === 0) return null;
  }
  const [how] = orders.keys();
  return how!;
}

const exactly = (a: number, b: number) => a === b;
const nearly = (a: number, b: number) => Math.abs(a - b) <= HALF * Math.abs(b) + LEAST_HALF;
