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

/** The nearest bfloat16 pattern of a binary32 pattern; NaN stays NaN. */
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
