import { FormatError, ModelError } from "../errors/errors.js";
import { type GroupFormat, isGroupFormat, largestIn, quantizeRows } from "../graph/frozen/quantize.js";
import type { GraphMemory } from "../graph/memory.js";
import { concatenated } from "../io/byte-source.js";
import {
  decodeTensor,
  encodeTensor,
  type FloatDtype,
  nonFiniteHalf,
  type OpenTensorFile,
  type WeightOptions,
  weightProblem,
} from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import type { Tensor } from "../values/tensor.js";

/** A tensor as float32. Throws `ModelError` for values that are not finite, unless allowed. */
export async function weightTensor(file: OpenTensorFile, name: string, options: WeightOptions): Promise<Tensor> {
  const tensor = await file.tensor(name);
  const problem = weightProblem(file.info(name).dtype, tensor, options);
  if (problem === null) return tensor;
  throw new ModelError(`model.safetensors: ${name} ${problem}`, { tensor: name });
}

/** Bytes of a tensor that are converted to float32 at a time. */
const PIECE = 1 << 22;

/**
 * A tensor's rows in groups: as in the file, or quantised a few rows at a time, so that a large tensor is never in memory as float32.
 * Throws `ModelError` for values that are not finite, unless allowed, and for values that are too large.
 * @internal exported for its tests
 */
export async function groupedTensor(
  graph: GraphMemory,
  file: OpenTensorFile,
  name: string,
  format: GroupFormat,
  options: WeightOptions,
): Promise<Uint8Array> {
  const { dtype, shape } = file.info(name);
  const bytes = await file.raw(name);
  // A convolution's `[out, in, size]` is a matrix with one row for each output.
  const [rows = 1, ...others] = shape;
  const width = others.reduce((product, length) => product * length, 1);
  if (rows * width === 0) return new Uint8Array(0);
  const { grouped } = file;
  if (grouped?.format(name) === format) {
    const converted = grouped.convert(name, bytes);
    if (converted !== null && (options.allowNonFinite === true || finiteScales(converted, format))) return converted;
  }
  const row = bytes.length / rows;
  const most = Math.max(1, Math.floor(PIECE / Math.max(row, 4 * width)));
  const parts: Uint8Array[] = [];
  for (let start = 0; start < rows; start += most) {
    const part = bytes.subarray(start * row, Math.min(rows, start + most) * row);
    const isGrouped = grouped !== undefined && grouped.nearest(name) !== null;
    const data = isGrouped ? grouped.values(name, part) : decodeTensor(part, dtype, name);
    // Read as a whole to report the value's position.
    if (weightProblem(dtype, { shape: [data.length], data }, options) !== null) await weightTensor(file, name, options);
    checkSizes(name, data, format);
    parts.push(quantizeRows(graph, data, width, format));
  }
  return concatenated(parts);
}

function checkSizes(name: string, data: Float32Array, format: GroupFormat): void {
  const limit = largestIn[format];
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    // Infinities, if allowed, turn their group into NaN.
    if (Math.abs(value) <= limit || !Number.isFinite(value)) continue;
    const message = `${name} holds ${value}, too large for weights "${format}", which end at ${limit}; take "bf16" or "f32"`;
    throw new ModelError(`model.safetensors: ${message}`, { tensor: name, value });
  }
}

/** Whether all scales and minima are finite. */
function finiteScales(bytes: Uint8Array, format: GroupFormat): boolean {
  const [group, halves] = format === "q8" ? [34, 1] : [20, 2];
  for (let at = 0; at < bytes.length; at += group)
    for (let i = 0; i < halves; i++) if ((bytes[at + 2 * i + 1]! & 0x7c) === 0x7c) return false;
  return true;
}

/** Format of a model's matrices in memory; "auto": as in the file, float32 for other types. */
export type WeightsOption = WeightFormat | "auto";

/** Values of `weights`. */
export const weightsOptions: readonly WeightsOption[] = [...weightFormats, "auto"];

type PlainFormat = Exclude<WeightFormat, GroupFormat>;
const dtypes: Readonly<Record<PlainFormat, FloatDtype>> = { f32: "F32", f16: "F16", bf16: "BF16" };
const plainFormats = Object.keys(dtypes) as readonly PlainFormat[];

/** The format of tensors that are joined in one weight: with "auto" that of the file if they agree, or the nearest with groups if most have them. */
export function formatOf(weights: WeightsOption, file: OpenTensorFile, names: readonly string[]): WeightFormat {
  if (weights !== "auto") return weights;
  const plain = () => plainFormats.find((format) => names.every((name) => file.info(name).dtype === dtypes[format]));
  return file.grouped?.joined(file, names) ?? plain() ?? "f32";
}

/**
 * A tensor's bytes in a format: the file's own if it has that type, else rounded to nearest, ties to even, or quantised in groups with the
 * least squared error. Throws `ModelError` for values that are not finite, unless allowed, and for values that are too large for the
 * format.
 * @param graph whose memory is used to quantise
 */
export async function storedTensor(
  graph: GraphMemory,
  file: OpenTensorFile,
  name: string,
  format: WeightFormat,
  options: WeightOptions,
): Promise<Uint8Array> {
  if (isGroupFormat(format)) return groupedTensor(graph, file, name, format, options);
  const { dtype } = file.info(name);
  if (dtype === dtypes[format] && (dtype === "F16" || dtype === "BF16")) {
    const bytes = await file.raw(name);
    // Widened only to report which one it is.
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
