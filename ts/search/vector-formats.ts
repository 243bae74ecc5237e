import { oneOf, unexpected } from "../arguments/settings.js";
import type { Kernels, Pointer } from "../engine/kernels.js";
import { ConfigError } from "../errors/errors.js";
import type { Tensor } from "../values/tensor.js";
import { vectorList, type VectorList, type Vectors } from "./vector-list.js";

/** How an index stores vectors. */
export type IndexFormat = "float32" | "int8" | "binary";

/** How rows are stored and compared with a query. */
export interface RowFormat {
  /** Bytes of a row in memory, a multiple of 16. */
  readonly rowBytes: number;
  write(vector: Float32Array, into: Uint8Array): void;
  prepare(query: Float64Array): PreparedQuery;
}

/** A query, ready for rows of one format. */
export interface PreparedQuery {
  /** The kernel's operand. */
  readonly operand: ArrayBufferView;
  /** Computes a number for each row, the larger the better. */
  compare(kernels: Kernels, rows: number, codes: Pointer, operand: Pointer, scores: Pointer): void;
  /** The score that such a number stands for. */
  scoreOf(compared: number): number;
  /** The score of a row in float64. */
  exact(row: Uint8Array): number;
}

const padded = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** Number of bytes of a row without padding. */
export const storedBytes = (format: IndexFormat, dimensions: number) =>
  format === "float32" ? 4 * dimensions : format === "int8" ? dimensions : Math.ceil(dimensions / 8);

/** The query at length 1 and its length, so that no sum in float32 becomes infinite. */
function unit(query: Float64Array): [Float64Array, number] {
  const length = Math.sqrt(query.reduce((sum, value) => sum + value * value, 0)) || 1;
  return [query.map((value) => value / length), length];
}

function dot(query: Float64Array, value: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < query.length; i++) sum += query[i]! * value(i);
  return sum;
}

/** Vectors as they are. */
export function float32Rows(dimensions: number): RowFormat {
  const rowBytes = padded(4 * dimensions);
  return {
    rowBytes,
    write: (vector, into) => into.set(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)),
    prepare(query) {
      const [direction, length] = unit(query);
      return {
        operand: new Float32Array(direction),
        compare(kernels, rows, codes, operand, scores) {
          // By fours, each of which is summed in the same order; the block has as many rows.
          const columns = Math.ceil(rows / 4) * 4;
          kernels.gemm(
            1,
            columns,
            dimensions,
            1,
            operand,
            dimensions,
            1,
            codes,
            1,
            rowBytes / 4,
            0,
            scores,
            columns,
            0,
          );
        },
        scoreOf: (compared) => compared * length,
        exact(row) {
          const values = new Float32Array(row.buffer, row.byteOffset, dimensions);
          return dot(query, (i) => values[i]!);
        },
      };
    },
  };
}

/** Largest sum of |weights| for which no sum of products with bytes reaches 2³¹; each weight is rounded by up to a half. */
const LARGEST_SUM = 2 ** 24 - 2 ** 16;

/** Codes of a byte: a row's value is (code + 128) · step + least. */
export function int8Rows(dimensions: number, scale: Scale): RowFormat {
  const { least, steps } = scale;
  const rowBytes = padded(dimensions);
  return {
    rowBytes,
    write: (vector, into) => writeCodes(vector, scale, 128, into),
    prepare(query) {
      const weights = query.map((value, i) => value * steps[i]!);
      const sizes = weights.map(Math.abs);
      const [largest, sum] = sizes.reduce(([most, sum], size) => [Math.max(most, size), sum + size], [0, 0]);
      const factor = largest === 0 ? 1 : Math.min(32_767 / largest, LARGEST_SUM / sum);
      const operand = new Int16Array(rowBytes);
      weights.forEach((weight, i) => (operand[i] = Math.round(weight * factor)));
      const constant = dot(query, (i) => 128 * steps[i]! + least[i]!);
      return {
        operand,
        compare: (kernels, rows, codes, pointer, scores) =>
          kernels.code_products(rows, codes, rowBytes, pointer, scores),
        scoreOf: (compared) => compared / factor + constant,
        exact(row) {
          const codes = new Int8Array(row.buffer, row.byteOffset, dimensions);
          return dot(query, (i) => (codes[i]! + 128) * steps[i]! + least[i]!);
        },
      };
    },
  };
}

/** A bit for each dimension. */
export function binaryRows(dimensions: number): RowFormat {
  const rowBytes = padded(Math.ceil(dimensions / 8));
  return {
    rowBytes,
    write: writeBits,
    prepare(query) {
      const operand = new Uint8Array(rowBytes);
      writeBits(query, operand);
      return {
        operand,
        compare: (kernels, rows, codes, pointer, scores) => kernels.equal_bits(rows, codes, rowBytes, pointer, scores),
        scoreOf: (compared) => -compared,
        exact: (row) => dot(query, (i) => (row[i >> 3]! >> (7 - (i & 7))) & 1),
      };
    },
  };
}

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
function writeCodes(vector: Float32Array, { least, steps }: Scale, offset: number, into: Uint8Array): void {
  for (let i = 0; i < vector.length; i++) {
    const code = Math.floor(Math.fround(Math.fround(vector[i]! - least[i]!) / steps[i]!));
    into[i] = Math.min(Math.max(code, 0), 255) - offset;
  }
}

/** Writes bits, 1 for values above 0: the first is the highest of the first byte. What is left of the last byte is 0. */
function writeBits(vector: ArrayLike<number>, into: Uint8Array): void {
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
