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
    const whole = wholeBlocks(bytes);
    return this.addBlocks(bytes.subarray(0, whole)).addEnd(bytes.subarray(whole), bytes.byteLength);
  }

  /** Adds bytes whose number is a multiple of 16, to be followed by others, or by `addEnd`. */
  addBlocks(bytes: Uint8Array): this {
    // Words are aligned in memory; a file's tensors may not be.
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
    this.addWords(new Int32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 4));
    return this;
  }

  /** Adds the last bytes, fewer than 16, and the number of all. */
  addEnd(bytes: Uint8Array, length: number): this {
    const end = new Uint8Array(16);
    end.set(bytes);
    this.addWords(new Int32Array(end.buffer));
    return this.addNumber(length);
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

/** Bytes up to the last multiple of 16. Numbers of 2 GiB and more have no place in bit operations. */
const wholeBlocks = ({ byteLength }: Uint8Array) => byteLength - (byteLength % 16);

/** The fingerprint of bytes that come in pieces: that of all at once. */
export class PiecesPrint {
  private readonly print = new Fingerprint();
  private rest = new Uint8Array(0);
  private made: string | null = null;
  private total = 0;

  /** Number of the bytes so far. */
  get length(): number {
    return this.total;
  }

  add(piece: Uint8Array): this {
    let bytes = piece;
    if (this.rest.length > 0) {
      bytes = new Uint8Array(this.rest.length + piece.length);
      bytes.set(this.rest);
      bytes.set(piece, this.rest.length);
    }
    const whole = wholeBlocks(bytes);
    this.print.addBlocks(bytes.subarray(0, whole));
    this.rest = bytes.slice(whole);
    this.total += piece.length;
    return this;
  }

  /** The fingerprint so far, as `Fingerprint` writes it. Nothing can be added after it. */
  toString(): string {
    return (this.made ??= this.print.addEnd(this.rest, this.total).toString());
  }
}

/** Whether a value has the form of `toString`. */
export const isFingerprint = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9a-f]{32}$/.test(value);
