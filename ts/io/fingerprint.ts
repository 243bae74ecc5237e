import { isBytes } from "../arguments/typed-array.js";

/** Initial values of the four lanes: digits of π. */
const SEEDS = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;

const rotated = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));

/** Adds a word to a lane, as MurmurHash3 does. */
function taken(lane: number, word: number): number {
  const spread = Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(lane ^ spread, 13), 5) + 0xe6546b64) | 0;
}

/** MurmurHash3's final mix. */
function mixed(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * A 128-bit fingerprint: MurmurHash3 on four lanes of 32 bits. Takes half a millisecond for a megabyte, synchronously and without
 * crypto.subtle. It detects another file, not a forged one.
 */
export class Fingerprint {
  private readonly lanes = Int32Array.from(SEEDS);

  /** Adds bytes and their number. */
  add(data: Uint8Array | Float32Array): this {
    const bytes = isBytes(data) ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const whole = bytes.byteLength & ~15;
    // Words are aligned in memory; a file's tensors may not be.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    this.addWords(new Int32Array(aligned.buffer, aligned.byteOffset, whole / 4));
    const end = new Uint8Array(16);
    end.set(bytes.subarray(whole));
    this.addWords(new Int32Array(end.buffer));
    return this.addNumber(bytes.byteLength);
  }

  /** Adds a number. */
  addNumber(value: number): this {
    this.addWords(new Int32Array(Float64Array.of(value, 0).buffer));
    return this;
  }

  private addWords(words: Int32Array): void {
    let [a, b, c, d] = this.lanes as unknown as [number, number, number, number];
    for (let i = 0; i < words.length; i += 4) {
      a = taken(a, words[i]!);
      b = taken(b, words[i + 1]!);
      c = taken(c, words[i + 2]!);
      d = taken(d, words[i + 3]!);
    }
    this.lanes.set([a, b, c, d]);
  }

  /** 32 hexadecimal digits. */
  toString(): string {
    const sum = this.lanes.reduce((total, lane, i) => mixed(total ^ (lane + i)), 0);
    const digits = (lane: number, i: number) => (mixed(lane ^ mixed(sum + i)) >>> 0).toString(16).padStart(8, "0");
    return Array.from(this.lanes, digits).join("");
  }
}

/** Whether a value has the form of `toString`. */
export const isFingerprint = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
