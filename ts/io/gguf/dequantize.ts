import { decodeTensor } from "../safetensors/decode.js";
import { type DecodeBlock, half } from "./block.js";
import { q4K, q5K, q6K } from "./k-quants.js";

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
