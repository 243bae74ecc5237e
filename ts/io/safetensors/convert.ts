import { FormatError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Dtype, FloatDtype } from "./header.js";

/*
 * IEEE 754 binary16 and bfloat16, to and from binary32.
 * Widening is exact. Narrowing rounds to nearest, ties to even, as PyTorch's `.to(torch.float16)` and `.to(torch.bfloat16)`.
 */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** 2^112: the ratio of the two formats' exponent biases, 127 − 15. */
const BIAS_RATIO = 2 ** 112;

/** The value of a binary16 bit pattern. */
export function fromHalf(half: number): number {
  const magnitude = half & 0x7fff;
  let value: number;
  if (magnitude > 0x7c00) value = NaN;
  else if (magnitude === 0x7c00) value = Infinity;
  else {
    // A binary16 pattern moved to binary32's place is the value over 2^112, for subnormals too.
    scratchBits[0] = magnitude << 13;
    value = scratch[0]! * BIAS_RATIO;
  }
  return half & 0x8000 ? -value : value;
}

/** Rounds a non-negative number to a whole one, ties to even. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The nearest binary16 pattern; magnitudes of 65520 and more give infinity, NaN the quiet NaN. */
export function toHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(scratch[0]) * 2 ** 24);
  const rebased = magnitude - 0x38000000;
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

/** The nearest bfloat16 pattern of a binary32 pattern; NaN stays NaN. @internal exported for its tests */
export function toBfloat(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Whether bytes of a 16-bit type hold an infinity or a NaN: all bits of an exponent. */
export function nonFiniteHalf(bytes: Uint8Array, dtype: "F16" | "BF16"): boolean {
  const exponent = dtype === "F16" ? 0x7c : 0x7f;
  for (let i = 1; i < bytes.length; i += 2) {
    if ((bytes[i]! & exponent) !== exponent) continue;
    if (dtype === "F16" || bytes[i - 1]! >= 0x80) return true;
  }
  return false;
}

/** Values of all 256 patterns of an 8-bit float: one sign bit, then exponent, then `mantissa` bits. */
function smallFloatTable(mantissa: number, bias: number, special: (code: number) => number | undefined): Float32Array {
  return Float32Array.from({ length: 256 }, (_, code) => {
    const known = special(code);
    if (known !== undefined) return known;
    const exponent = (code & 0x7f) >> mantissa;
    const fraction = (code & ((1 << mantissa) - 1)) / (1 << mantissa);
    const value = exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
    return code & 0x80 ? -value : value;
  });
}

/** The "finite, no negative zero" formats give the pattern of −0 to NaN. */
const negativeZeroIsNaN = (code: number) => (code === 0x80 ? NaN : undefined);

/** Definitions: OCP "8-bit floating point" and "microscaling" specifications; FNUZ as in ONNX's float8 page. */
const tables: Partial<Record<Dtype, () => Float32Array>> = {
  F8_E4M3: () => smallFloatTable(3, 7, (code) => ((code & 0x7f) === 0x7f ? NaN : undefined)),
  F8_E5M2: () => Float32Array.from({ length: 256 }, (_, code) => fromHalf(code << 8)),
  F8_E8M0: () => Float32Array.from({ length: 256 }, (_, code) => (code === 255 ? NaN : 2 ** (code - 127))),
  F8_E4M3FNUZ: () => smallFloatTable(3, 8, negativeZeroIsNaN),
  F8_E5M2FNUZ: () => smallFloatTable(2, 16, negativeZeroIsNaN),
};

/** Element by element; many times faster than `Float32Array.from` with a function. */
function mapped(patterns: Uint8Array | Uint16Array, value: (pattern: number) => number): Float32Array {
  const values = new Float32Array(patterns.length);
  for (let i = 0; i < values.length; i++) values[i] = value(patterns[i]!);
  return values;
}

/** Pairs of 32-bit halves, low first, as numbers. */
function wide(low: Uint32Array, high: Int32Array | Uint32Array): Float32Array {
  const values = new Float32Array(low.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = high[2 * i + 1]! * 2 ** 32 + low[2 * i]!;
  return values;
}

/**
 * Element bytes (little-endian, any alignment) as float32, in memory of its own. Types with more precision round to nearest; BOOL gives 0 and 1.
 * Throws `UnsupportedError` for complex and sub-byte types.
 */
export function decodeTensor(bytes: Uint8Array, dtype: Dtype, name: string): Float32Array {
  const table = tables[dtype]?.();
  if (table) return mapped(bytes, (code) => table[code]!);
  // A copy made this way starts at offset 0, so that every typed array below is aligned; Buffer's own slice() would share memory.
  const { buffer } = new Uint8Array(bytes);
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F64":
      return new Float32Array(new Float64Array(buffer));
    case "F16":
      return mapped(new Uint16Array(buffer), fromHalf);
    case "BF16": {
      const patterns = new Uint16Array(buffer);
      const bits = new Uint32Array(patterns.length);
      for (let i = 0; i < bits.length; i++) bits[i] = patterns[i]! << 16;
      return new Float32Array(bits.buffer);
    }
    case "I64":
      return wide(new Uint32Array(buffer), new Int32Array(buffer));
    case "U64":
      return wide(new Uint32Array(buffer), new Uint32Array(buffer));
    case "I32":
      return new Float32Array(new Int32Array(buffer));
    case "U32":
      return new Float32Array(new Uint32Array(buffer));
    case "I16":
      return new Float32Array(new Int16Array(buffer));
    case "U16":
      return new Float32Array(new Uint16Array(buffer));
    case "I8":
      return new Float32Array(new Int8Array(buffer));
    case "U8":
      return new Float32Array(new Uint8Array(buffer));
    case "BOOL":
      return mapped(bytes, (value) => (value === 0 ? 0 : 1));
    default:
      throw new UnsupportedError(
        `safetensors: tensor "${clip(name)}" has elements of type ${dtype}, which have no float32 value here; raw() gives their bytes`,
        { tensor: name, dtype },
      );
  }
}

/**
 * Float32 values as the bytes of a tensor of type `dtype`, rounded to nearest, ties to even. Infinities and NaN stay unchanged. Throws
 * `FormatError` for a finite value that is too large for the type, instead of writing an infinity.
 */
export function encodeTensor(data: Float32Array, dtype: FloatDtype, name: string): Uint8Array {
  if (dtype === "F32") {
    const copy = new Float32Array(data);
    return new Uint8Array(copy.buffer);
  }
  const patterns = new Uint16Array(data.length);
  if (dtype === "BF16") {
    // A view could be misaligned only if `data` were, which typed arrays exclude.
    const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < patterns.length; i++) patterns[i] = toBfloat(bits[i]!);
  } else {
    for (let i = 0; i < patterns.length; i++) patterns[i] = toHalf(data[i]!);
  }
  const infinity = dtype === "BF16" ? 0x7f80 : 0x7c00;
  for (let i = 0; i < patterns.length; i++) {
    if ((patterns[i]! & 0x7fff) === infinity && Number.isFinite(data[i]!)) {
      const hint = dtype === "F16" ? "write it as BF16 or F32" : "write it as F32";
      throw new FormatError(`safetensors: tensor "${clip(name)}": ${data[i]} is too large for ${dtype}; ${hint}`, {
        tensor: name,
        dtype,
        value: data[i],
      });
    }
  }
  return new Uint8Array(patterns.buffer);
}
