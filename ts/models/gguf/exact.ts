import { fromHalf, toHalf } from "../../io/safetensors/convert.js";

/** Converts bytes of a file's type to a frozen weight's format; null if the format cannot represent the values. */
type Conversion = (bytes: Uint8Array) => Uint8Array | null;

/** d·(q − 8) is d·q − 8d: both exact, unless 8d is beyond binary16. */
const fromQ4_0: Conversion = (bytes) => {
  const groups = bytes.length / 18;
  const result = new Uint8Array(20 * groups);
  for (let group = 0; group < groups; group++) {
    const [from, to] = [18 * group, 20 * group];
    const minimum = toHalf(-8 * fromHalf(bytes[from]! | (bytes[from + 1]! << 8)));
    if ((minimum & 0x7c00) === 0x7c00) return null;
    result.set(bytes.subarray(from, from + 2), to);
    result[to + 2] = minimum & 255;
    result[to + 3] = minimum >> 8;
    result.set(bytes.subarray(from + 2, from + 18), to + 4);
  }
  return result;
};

/** d·(q − 16): codes of 5 bits are bytes, too. */
const fromQ5_0: Conversion = (bytes) => {
  const groups = bytes.length / 22;
  const result = new Uint8Array(34 * groups);
  for (let group = 0; group < groups; group++) {
    const [from, to] = [22 * group, 34 * group];
    result.set(bytes.subarray(from, from + 2), to);
    for (let i = 0; i < 32; i++) {
      const low = (bytes[from + 6 + (i & 15)]! >> (i < 16 ? 0 : 4)) & 15;
      const high = (bytes[from + 2 + (i >> 3)]! >> (i & 7)) & 1;
      result[to + 2 + i] = (low | (high << 4)) - 16;
    }
  }
  return result;
};

const asItIs: Conversion = (bytes) => bytes;

/** The format that holds exactly what a type of a file says, and how its bytes become that format's. */
export const exactFormats: Readonly<Record<string, readonly ["q8" | "q4", Conversion]>> = {
  Q8_0: ["q8", asItIs],
  Q5_0: ["q8", fromQ5_0],
  Q4_1: ["q4", asItIs],
  Q4_0: ["q4", fromQ4_0],
};
