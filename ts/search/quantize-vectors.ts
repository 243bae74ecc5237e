import { oneOf, unexpected } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import type { Tensor } from "../values/tensor.js";
import { vectorList, type VectorList, type Vectors } from "./vector-list.js";

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

/** Scale of each dimension in float32, as NumPy computes it. */
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

/** Formats of quantised vectors, as in sentence-transformers. */
export type VectorPrecision = "int8" | "uint8" | "binary" | "ubinary";

/**
 * Vectors in fewer bits, equal to those of `quantize_embeddings` of sentence-transformers: a quarter of the memory as bytes, one part in 32
 * as bits.
 *
 * - "uint8": ⌊(x − least) / step⌋ from 0 to 255, with step = (most − least) / 255 of each dimension; "int8": the same minus 128
 * - "ubinary": a bit for each dimension, 1 for values above 0, the first dimension in the highest bit; "binary": these bytes minus 128
 *
 * Throws `ConfigError` for values that are not finite, and for one vector without `ranges`; `ShapeError` for vectors of unequal lengths.
 *
 * @param vectors a list of vectors or a tensor `[n, dimensions]`
 * @param ranges for "int8" and "uint8" the smallest and the largest value of each dimension; values outside are clipped. Default: those of
 *   `vectors`
 */
export function quantizeVectors(vectors: Vectors, precision: "int8" | "binary", ranges?: VectorRanges): Int8Array[];
export function quantizeVectors(vectors: Vectors, precision: "uint8" | "ubinary", ranges?: VectorRanges): Uint8Array[];
export function quantizeVectors(
  vectors: Vectors,
  precision: VectorPrecision,
  ranges?: VectorRanges,
): (Int8Array | Uint8Array)[] {
  const what = "quantizeVectors";
  oneOf(what, "precision", precision, ["int8", "uint8", "binary", "ubinary"]);
  const list = vectorList(what, vectors);
  const rows = Array.from({ length: list.count }, (_, i) => list.at(i));
  const { dimensions } = list;
  const scale = ranges === undefined ? undefined : takeRanges(what, ranges, rows.length === 0 ? undefined : dimensions);
  const isBits = precision.endsWith("binary");
  const isSigned = !precision.startsWith("u");
  if (!isBits && scale === undefined && rows.length === 1)
    throw new ConfigError(`${what}: one vector has no ranges; pass the ranges of many vectors`, { op: what });
  const codeScale = scale ?? rangesOf(dimensions, { count: rows.length, at: (i) => rows[i]! });
  return rows.map((vector) => {
    const bytes = new Uint8Array(isBits ? Math.ceil(dimensions / 8) : dimensions);
    if (isBits) writeBits(vector, bytes);
    else writeCodes(vector, codeScale, isSigned ? 128 : 0, bytes);
    if (isBits && isSigned) bytes.forEach((byte, i) => (bytes[i] = byte - 128));
    return isSigned ? new Int8Array(bytes.buffer) : bytes;
  });
}
