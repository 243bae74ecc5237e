import type { Kernels, Pointer } from "../engine/kernels.js";
import { type Scale, writeBits, writeCodes } from "./quantize-vectors.js";

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
