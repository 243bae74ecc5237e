import { elementProgram } from "../program.js";

/** WGSL of tanh that stays finite. */
export const TANH = `fn tanh_(x: f32) -> f32 {
  let near = clamp(x, -9.0, 9.0);
  // Near 0 the difference of exponentials would lose digits.
  if (abs(near) < 0.3) {
    let s = near * near;
    return near * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.05396825 + s * 0.021869488))));
  }
  let e = exp(2.0 * near);
  return (e - 1.0) / (e + 1.0);
}
`;

/**
 * The bits of the nearest binary16, ties to even: WGSL leaves a tie's direction to the device. A finite number that is too large is NaN, not
 * infinite.
 */
export const HALF_BITS = `
fn half_bits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size >= 0x477ff000u) { return sign | select(0x7e00u, 0x7c00u, size == 0x7f800000u); }
  if (size >= 0x38800000u) { return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u); }
  if (size < 0x33000000u) { return sign; }
  // Subnormal: multiples of 2^-24.
  let shift = 126u - (size >> 23u);
  let digits = (size & 0x7fffffu) | 0x800000u;
  return sign | ((digits + (1u << (shift - 1u)) - 1u + ((digits >> shift) & 1u)) >> shift);
}
`;

/**
 * Rows of `width` numbers, `xRow` apart, as `count` halves, `skip` halves after the beginning of word `data`: a thread for each word, whose
 * other half stays.
 */
export const storeHalves = elementProgram(
  "store_halves",
  "count width skip x* xRow data*",
  `var bits = memory[p.data + i];
  for (var half = 0u; half < 2u; half++) {
    // Before the first number this is beyond the last.
    let e = 2u * i + half - p.skip;
    if (e >= p.count) { continue; }
    bits = insertBits(bits, half_bits(load(p.x + e / p.width * p.xRow + e % p.width)), 16u * half, 16u);
  }
  memory[p.data + i] = bits;`,
  HALF_BITS,
);
