import { UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Dtype } from "./dtypes.js";
import { fromHalf } from "./half.js";

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
