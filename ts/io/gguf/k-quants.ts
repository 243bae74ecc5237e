import { type DecodeBlock, half } from "./block.js";

// Blocks of 256 in groups with their own scales: a group's scale is a small whole number times the block's, d.

/** Number `i` of the eight scales of 6 bits in 12 bytes; with `part` 1 of the eight minima. */
function sixBits(bytes: Uint8Array, at: number, i: number, part: 0 | 1): number {
  if (i < 4) return bytes[at + 4 * part + i]! & 63;
  const low = bytes[at + 4 + i]! >> (4 * part);
  return (low & 15) | ((bytes[at + 4 * part + i - 4]! >> 6) << 4);
}

/**
 * d·s·q − dmin·m in groups of 32: codes of 4 bits, `codesAt` bytes into a block; of two groups one has the low nibbles of 32 bytes.
 * @param fifthAt where the codes' fifth bits are: bit `group` of 32 bytes; null for codes of 4 bits
 */
const affine =
  (codesAt: number, fifthAt: number | null): DecodeBlock =>
  (bytes, at, values, to) => {
    const [d, least] = [half(bytes, at), half(bytes, at + 2)];
    for (let group = 0; group < 8; group++) {
      const scale = d * sixBits(bytes, at + 4, group, 0);
      const minimum = least * sixBits(bytes, at + 4, group, 1);
      const [codes, shift] = [at + codesAt + 32 * (group >> 1), 4 * (group & 1)];
      for (let i = 0; i < 32; i++) {
        const high = fifthAt === null ? 0 : ((bytes[at + fifthAt + i]! >> group) & 1) << 4;
        values[to + 32 * group + i] = scale * (((bytes[codes + i]! >> shift) & 15) | high) - minimum;
      }
    }
  };

export const q4K = affine(16, null);
export const q5K = affine(48, 16);

/** d·s·(q − 32) in groups of 16, s a signed byte: low 4 bits of the codes, then their high 2, then the scales, then d. */
export const q6K: DecodeBlock = (bytes, at, values, to) => {
  const d = half(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    // Halves of 128, in each of which a byte has codes that are 64 apart, and one of the high bits four, 32 apart.
    const [part, place] = [i >> 7, i & 127];
    const low = (bytes[at + 64 * part + (place & 63)]! >> (4 * (place >> 6))) & 15;
    const high = (bytes[at + 128 + 32 * part + (place & 31)]! >> (2 * (place >> 5))) & 3;
    const scale = d * ((bytes[at + 192 + (i >> 4)]! << 24) >> 24);
    values[to + i] = scale * ((low | (high << 4)) - 32);
  }
};
