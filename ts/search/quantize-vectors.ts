import { oneOf } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { rangesOf, takeRanges, type VectorRanges, writeBits, writeCodes } from "./ranges.js";
import { vectorList, type Vectors } from "./vector-list.js";

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
