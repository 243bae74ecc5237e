import { FormatError, ModelError } from "../errors/errors.js";
import {
  type Dtype,
  encodeTensor,
  type FloatDtype,
  type OpenTensorFile,
  nonFiniteHalf,
  weightProblem,
  type WeightOptions,
} from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import type { Tensor } from "../values/tensor.js";

/** Format of a model's matrices in memory; "auto" as the file stores them, float32 where it has another type. */
export type WeightsOption = WeightFormat | "auto";

/** What `weights` may be. */
export const weightsOptions: readonly WeightsOption[] = [...weightFormats, "auto"];

const dtypes: Readonly<Record<WeightFormat, FloatDtype>> = { f32: "F32", f16: "F16", bf16: "BF16" };

/** The format for tensors that stand in one weight: with "auto" that of the file where they agree. */
export function formatOf(weights: WeightsOption, stored: readonly Dtype[]): WeightFormat {
  if (weights !== "auto") return weights;
  return weightFormats.find((format) => stored.every((dtype) => dtype === dtypes[format])) ?? "f32";
}

/** A tensor as float32. Throws `ModelError` for values that are not finite, unless allowed. */
export async function weightTensor(file: OpenTensorFile, name: string, options: WeightOptions): Promise<Tensor> {
  const tensor = await file.tensor(name);
  const problem = weightProblem(file.info(name).dtype, tensor, options);
  if (problem === null) return tensor;
  throw new ModelError(`model.safetensors: ${name} ${problem}`, { tensor: name });
}

/** The bytes of a matrix of `rows` rows, in whatever format, as those of its transpose. */
export function transposedBytes(bytes: Uint8Array, rows: number, format: WeightFormat): Uint8Array {
  const Elements = format === "f32" ? Uint32Array : Uint16Array;
  const from = new Elements(bytes.slice().buffer);
  const [to, columns] = [new Elements(from.length), from.length / Math.max(rows, 1)];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  return new Uint8Array(to.buffer);
}

/**
 * A tensor's bytes in a format: the file's own where it has that type, else rounded to nearest, ties to even. Throws
 * `ModelError` for values that are not finite, unless allowed, and for finite ones too large for the format.
 */
export async function storedTensor(
  file: OpenTensorFile,
  name: string,
  format: WeightFormat,
  options: WeightOptions,
): Promise<Uint8Array> {
  const { dtype } = file.info(name);
  if (dtype === dtypes[format] && (dtype === "F16" || dtype === "BF16")) {
    const bytes = await file.raw(name);
    // Widened only to say which of them it is.
    if (options.allowNonFinite === true || !nonFiniteHalf(bytes, dtype)) return bytes;
  }
  const { data } = await weightTensor(file, name, options);
  try {
    return encodeTensor(data, dtypes[format], name);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const { value } = cause.details as { value?: unknown };
    const message = `${name} holds ${String(value)}, too large for weights "${format}"; take "bf16" or "f32"`;
    throw new ModelError(`model.safetensors: ${message}`, { tensor: name, value }, { cause });
  }
}
