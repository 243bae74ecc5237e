import { sizeOf } from "../../values/tensor.js";

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
