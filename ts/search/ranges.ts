import { unexpected } from "../arguments/settings.js";
import type { Tensor } from "../values/tensor.js";
import { vectorList, type VectorList } from "./vector-list.js";

/** The smallest and the largest value of each dimension: two vectors, or a tensor `[2, dimensions]`. */
export type VectorRanges = readonly [ArrayLike<number>, ArrayLike<number>] | Tensor;

/** Checked ranges, and what a code of 0 to 255 stands for: code · step + least. */
export interface Scale {
  readonly least: Float32Array;
  readonly most: Float32Array;
  readonly steps: Float32Array;
}

/** Checks and copies ranges. Throws `ConfigError` or `ShapeError`. */
export function takeRanges(what: string, given: VectorRanges, dimensions?: number): Scale {
  const list = vectorList(`${what}: ranges`, given, dimensions);
  if (list.count !== 2) throw unexpected(what, "ranges", "two vectors, the smallest and the largest values", given);
  const [least, most] = [list.at(0), list.at(1)];
  const wrong = least.findIndex((value, i) => value > most[i]!);
  if (wrong >= 0)
    throw unexpected(what, "ranges", "the smallest values, then the largest", [least[wrong], most[wrong]], undefined, {
      place: wrong,
    });
  return scaleOf(least, most);
}

/** The ranges of some vectors; of none, zeros. */
export function rangesOf(dimensions: number, ...lists: readonly Pick<VectorList, "count" | "at">[]): Scale {
  const [least, most] = [Infinity, -Infinity].map((value) => new Float32Array(dimensions).fill(value));
  let count = 0;
  for (const list of lists)
    for (let row = 0; row < list.count; row++, count++) {
      const vector = list.at(row);
      for (let i = 0; i < dimensions; i++) {
        const value = vector[i]!;
        if (value < least![i]!) least![i] = value;
        if (value > most![i]!) most![i] = value;
      }
    }
  return count === 0 ? scaleOf(least!.fill(0), most!.fill(0)) : scaleOf(least!, most!);
}

/** In float32, as NumPy does it. */
function scaleOf(least: Float32Array, most: Float32Array): Scale {
  const steps = most.map((value, i) => Math.fround(value - least[i]!) / 255);
  return { least, most, steps: steps.map((step) => step || 1) };
}

/** Writes a vector's codes, 0 to 255, minus `offset` as bytes. */
export function writeCodes(vector: Float32Array, { least, steps }: Scale, offset: number, into: Uint8Array): void {
  for (let i = 0; i < vector.length; i++) {
    const code = Math.floor(Math.fround(Math.fround(vector[i]! - least[i]!) / steps[i]!));
    into[i] = Math.min(Math.max(code, 0), 255) - offset;
  }
}

/** Writes bits, 1 for values above 0: the first is the highest of the first byte. What is left of the last byte is 0. */
export function writeBits(vector: ArrayLike<number>, into: Uint8Array): void {
  into.fill(0);
  for (let i = 0; i < vector.length; i++) if (vector[i]! > 0) into[i >> 3]! |= 0x80 >> (i & 7);
}
