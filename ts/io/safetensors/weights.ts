import { formatShape, sameShape, type Tensor } from "../../values/tensor.js";
import { FormatError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { type Dtype, dtypeBits } from "./dtypes.js";
import type { TensorFile } from "./read.js";

/** What the readers of weights take. */
export interface WeightOptions {
  /** Accept tensors with NaN or infinities, which make every result NaN. Default false: they are refused by name. */
  readonly allowNonFinite?: boolean | undefined;
}

/** A reader's options, read once. Throws `ConfigError` for others, and for what is neither true nor false. */
export function takeWeightOptions(what: string, options: WeightOptions): WeightOptions {
  checkOptions(what, options, ["allowNonFinite"]);
  const { allowNonFinite = false } = options;
  return { allowNonFinite: flag(what, "allowNonFinite", allowNonFinite) };
}

/** Whether elements of a type are floating-point numbers, which weights must be. */
export const isFloat = (dtype: Dtype) => /^B?F\d/.test(dtype);

/** Whether elements of a type are floats that have a float32 value here: those of less than a byte have none. */
export const isReadableFloat = (dtype: Dtype) => isFloat(dtype) && dtypeBits[dtype] >= 8;

/** Where an element stands, as `[row, column]`. */
function position(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (const length of [...shape].reverse()) {
    indices.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return `[${indices.join(", ")}]`;
}

/**
 * What keeps a tensor from being weights: elements that are no floats, or (unless allowed) not finite as float32. Reads on
 * from the tensor's name; null where nothing does.
 * @param dtype element type in the file; @param tensor as the file has it
 */
export function weightProblem(
  dtype: Dtype,
  { shape, data }: Tensor,
  { allowNonFinite = false }: WeightOptions = {},
): string | null {
  if (!isFloat(dtype)) return `has elements of type ${dtype}; weights are floating-point numbers`;
  if (allowNonFinite) return null;
  let count = 0;
  let first = -1;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return null;
  const which = `${data[first]} at ${position(first, shape)}`;
  const values = count === 1 ? "1 value that is not finite" : `${count} values that are not finite, the first`;
  return `has ${values}${count === 1 ? ":" : ""} ${which}, of ${data.length}; allowNonFinite: true reads it nevertheless`;
}

/**
 * A tensor of a file as weights, of which there must be as many as `shape` says.
 * @param label name by which messages call the file
 * @throws `FormatError` for a missing tensor, another shape, elements that are no floats, and (unless allowed) for values
 *   that are not finite
 */
export function readWeight(
  file: TensorFile,
  name: string,
  shape: readonly number[],
  label: string,
  options: WeightOptions = {},
): Tensor {
  const fail = (problem: string) =>
    new FormatError(`${label}: tensor ${excerpt(name)} ${problem}`, { file: label, tensor: name });
  if (!file.has(name)) throw fail(`is missing; it has ${excerpt(file.names)}`);
  const found = file.info(name);
  if (!sameShape(found.shape, shape)) throw fail(`is ${excerpt(found.shape)}, expected ${formatShape(shape)}`);
  if (!isReadableFloat(found.dtype))
    throw fail(`has elements of type ${found.dtype}; weights are floating-point numbers`);
  const tensor = file.tensor(name);
  const problem = weightProblem(found.dtype, tensor, options);
  if (problem !== null) throw fail(problem);
  return tensor;
}
