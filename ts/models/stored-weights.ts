import { FormatError, ModelError } from "../errors/errors.js";
import { type GroupFormat, isGroupFormat } from "../graph/frozen/quantize.js";
import type { GraphMemory } from "../graph/memory.js";
import {
  encodeTensor,
  type FloatDtype,
  type OpenTensorFile,
  nonFiniteHalf,
  type WeightOptions,
} from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import { groupedTensor } from "./grouped-weights.js";
import { weightTensor } from "./weight-tensor.js";

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
