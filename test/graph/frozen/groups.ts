import { fromHalf, toHalf } from "../../../ts/io/safetensors/convert.js";

const bytesOf = { q8: 34, q4: 20 } as const;
type Format = keyof typeof bytesOf;

/** Whether a format is in groups of 32. */
export const isGroups = (format: string): format is Format => Object.hasOwn(bytesOf, format);

/** Rows of `width` values in groups, each value to the nearest code; for tests, by nothing but the format's definition. */
export function encodeGroups(values: Float32Array, width: number, format: Format): Uint8Array<ArrayBuffer> {
  const groups = Math.ceil(width / 32);
  const rows = width === 0 ? 0 : values.length / width;
  const bytes = new Uint8Array(rows * groups * bytesOf[format]);
  for (let group = 0; group < rows * groups; group++) {
    const start = Math.floor(group / groups) * width + 32 * (group % groups);
    const part = values.subarray(start, Math.min(start + 32, (Math.floor(group / groups) + 1) * width));
    bytes.set(groupOf(part, format), group * bytesOf[format]);
  }
  return bytes;
}

function groupOf(part: Float32Array, format: Format): Uint8Array {
  const bytes = new Uint8Array(bytesOf[format]);
  const [low, high] = [Math.min(...part), Math.max(...part)];
  const d = toHalf(format === "q8" ? Math.max(-low, high) / 127 : (high - low) / 15);
  const m = format === "q8" ? 0 : toHalf(low);
  new Uint16Array(bytes.buffer).set(format === "q8" ? [d] : [d, m]);
  part.forEach((value, i) => {
    const q = fromHalf(d) === 0 ? 0 : Math.round((value - fromHalf(m)) / fromHalf(d));
    if (format === "q8") bytes[2 + i] = Math.max(-127, Math.min(127, q));
    else bytes[4 + (i % 16)]! |= Math.max(0, Math.min(15, q)) << (i < 16 ? 0 : 4);
  });
  return bytes;
}

/** The values that groups say. */
export function decodeGroups(bytes: Uint8Array, width: number, format: Format): Float32Array<ArrayBuffer> {
  const groups = Math.ceil(width / 32);
  const rows = groups === 0 ? 0 : bytes.length / bytesOf[format] / groups;
  const values = new Float32Array(rows * width);
  for (let i = 0; i < values.length; i++) {
    const [row, column] = [Math.floor(i / width), i % width];
    const at = (row * groups + Math.floor(column / 32)) * bytesOf[format];
    const half = (place: number) => fromHalf(bytes[at + place]! | (bytes[at + place + 1]! << 8));
    const j = column % 32;
    if (format === "q8") values[i] = half(0) * ((bytes[at + 2 + j]! << 24) >> 24);
    else values[i] = half(0) * ((bytes[at + 4 + (j % 16)]! >> (j < 16 ? 0 : 4)) & 15) + half(2);
  }
  return values;
}
