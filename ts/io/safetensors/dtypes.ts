import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { sizeOf, type Tensor } from "../../values/tensor.js";

/** Bits an element takes, for every element type of the safetensors format. */
export const dtypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Element type, as the file names it. */
export type Dtype = keyof typeof dtypeBits;

/** Element types that float32 values can be written as. */
export type FloatDtype = "F32" | "F16" | "BF16";

/** Whether `value` names an element type of the format (case matters: "f32" does not). */
export function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(dtypeBits, value);
}

/** Bytes of a tensor. Not whole for a sub-byte type whose elements do not fill the last byte: no file may hold that. */
export function byteLength(dtype: Dtype, shape: readonly number[]): number {
  return (sizeOf(shape) * dtypeBits[dtype]) / 8;
}

/** Options of the readers of weights. */
export interface WeightOptions {
  /** Accept tensors with NaN or infinities, which make every result NaN. Default false: throws and names the tensor. */
  readonly allowNonFinite?: boolean | undefined;
}

/** The options of a reader. Throws `ConfigError` for unknown or invalid ones. */
export function takeWeightOptions(what: string, options: WeightOptions): WeightOptions {
  checkOptions(what, options, ["allowNonFinite"]);
  const { allowNonFinite = false } = options;
  return { allowNonFinite: flag(what, "allowNonFinite", allowNonFinite) };
}

/** Whether elements of a type are floating-point numbers, which weights must be. */
export const isFloat = (dtype: Dtype) => /^B?F\d/.test(dtype);

/** Whether elements of a type can be read as float32; elements of less than a byte cannot. */
export const isReadableFloat = (dtype: Dtype) => isFloat(dtype) && dtypeBits[dtype] >= 8;

/** Position of an element, as `[row, column]`. */
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
 * Why a tensor cannot be weights: its elements are not floats or, unless allowed, not finite as float32. The text follows the tensor's
 * name; null if it can.
 * @param dtype element type in the file; @param tensor the tensor
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
