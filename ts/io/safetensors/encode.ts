import { FormatError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { FloatDtype } from "./dtypes.js";
import { toBfloat, toHalf } from "./half.js";

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
