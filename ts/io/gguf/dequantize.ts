import { decodeTensor, fromHalf } from "../safetensors/convert.js";

/** Writes a block's values, from `to` on, of the bytes from `at` on. */
type DecodeBlock = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void;

/** A binary16, its lower byte first. */
const half = (bytes: Uint8Array, at: number) => fromHalf(bytes[at]! | (bytes[at + 1]! << 8));

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

const q4K = affine(16, null);
const q5K = affine(48, 16);

/** d·s·(q − 32) in groups of 16, s a signed byte: low 4 bits of the codes, then their high 2, then the scales, then d. */
const q6K: DecodeBlock = (bytes, at, values, to) => {
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

// Products of a scale of 11 bits with a code are exact in float64 and in ggml's float32, sums are exact in float64: each
// value is rounded once, when it is stored, as ggml does.

/** d·(q − 8): d as binary16, then 32 codes of 4 bits, the first half in the low nibbles. */
const q4_0: DecodeBlock = (bytes, at, values, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 2 + i]!;
    values[to + i] = ((q & 15) - 8) * d;
    values[to + 16 + i] = ((q >> 4) - 8) * d;
  }
};

/** d·q + m. */
const q4_1: DecodeBlock = (bytes, at, values, to) => {
  const [d, m] = [half(bytes, at), half(bytes, at + 2)];
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 4 + i]!;
    values[to + i] = (q & 15) * d + m;
    values[to + 16 + i] = (q >> 4) * d + m;
  }
};

/** d·(q − 16): the codes' fifth bits are stored together, before the others. */
const q5_0: DecodeBlock = (bytes, at, values, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 6 + i]!;
    values[to + i] = (((q & 15) | fifth(bytes, at + 2, i)) - 16) * d;
    values[to + 16 + i] = (((q >> 4) | fifth(bytes, at + 2, 16 + i)) - 16) * d;
  }
};

const q5_1: DecodeBlock = (bytes, at, values, to) => {
  const [d, m] = [half(bytes, at), half(bytes, at + 2)];
  for (let i = 0; i < 16; i++) {
    const q = bytes[at + 8 + i]!;
    values[to + i] = ((q & 15) | fifth(bytes, at + 4, i)) * d + m;
    values[to + 16 + i] = ((q >> 4) | fifth(bytes, at + 4, 16 + i)) * d + m;
  }
};

const fifth = (bytes: Uint8Array, at: number, i: number) => ((bytes[at + (i >> 3)]! >> (i & 7)) & 1) << 4;

/** d·q with q a signed byte. */
const q8_0: DecodeBlock = (bytes, at, values, to) => {
  const d = half(bytes, at);
  for (let i = 0; i < 32; i++) values[to + i] = ((bytes[at + 2 + i]! << 24) >> 24) * d;
};

/** [elements of a block, bytes of a block, its values] */
const blocks: Readonly<Record<string, readonly [number, number, DecodeBlock]>> = {
  Q4_0: [32, 18, q4_0],
  Q4_1: [32, 20, q4_1],
  Q5_0: [32, 22, q5_0],
  Q5_1: [32, 24, q5_1],
  Q8_0: [32, 34, q8_0],
  Q4_K: [256, 144, q4K],
  Q5_K: [256, 176, q5K],
  Q6_K: [256, 210, q6K],
};

/** Types that are stored element by element, as safetensors names them too. */
const plain = ["F32", "F16", "BF16"] as const;
const isPlain = (type: string): type is (typeof plain)[number] => (plain as readonly string[]).includes(type);

/** Whether elements of a type can be read as float32. */
export const isReadable = (type: string) => isPlain(type) || Object.hasOwn(blocks, type);

/** Values of whole blocks of a type that `isReadable`, to the bit as ggml's. */
export function dequantize(type: string, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  if (isPlain(type)) return decodeTensor(bytes, type, type) as Float32Array<ArrayBuffer>;
  const [elements, length, decode] = blocks[type]!;
  const count = Math.floor(bytes.length / length);
  const values = new Float32Array(count * elements);
  for (let i = 0; i < count; i++) decode(bytes, i * length, values, i * elements);
  return values;
}
