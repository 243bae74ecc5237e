import { transpose } from "../../io/peft/transpose.js";
import { sizeOf } from "../../values/shape.js";

/** Rows and columns; anything that is no matrix is one row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

export const matrixOf = (shape: readonly number[]): Matrix =>
  shape.length === 2 ? { rows: shape[0]!, columns: shape[1]! } : { rows: 1, columns: sizeOf(shape) };

/** Whole rows of a matrix, or a part of one: elements that lie one behind the other, from row `row` and column `column` on. */
export interface Window extends Matrix {
  readonly row: number;
  readonly column: number;
}

/** Bytes at equal distances: so many times `length`, the first at `first`. */
export interface Blocks {
  readonly first: number;
  readonly length: number;
  readonly count: number;
  readonly step: number;
}

/** Elements that are in memory at a time, of a matrix of any size. */
const MOST = 4 * 1024 * 1024;

/** A matrix in windows, in their order, none of more than `most` elements. */
export function windowsOf({ rows, columns }: Matrix, most = MOST): Window[] {
  const windows: Window[] = [];
  if (columns === 0) return windows;
  const high = Math.max(1, Math.floor(most / columns));
  for (let row = 0; row < rows; row += high)
    for (let column = 0; column < columns; column += most)
      windows.push({ row, column, rows: Math.min(high, rows - row), columns: Math.min(most, columns - column) });
  return windows;
}

/** Where a window lies in a matrix of elements of so many bytes, or in its transpose, a block for each of its columns there. */
export function blocksIn(matrix: Matrix, window: Window, transposed: boolean, bytes: number): Blocks {
  const size = window.rows * window.columns * bytes;
  if (!transposed) {
    const first = (window.row * matrix.columns + window.column) * bytes;
    return { first, length: size, count: 1, step: size };
  }
  const first = (window.column * matrix.rows + window.row) * bytes;
  if (window.rows === matrix.rows) return { first, length: size, count: 1, step: size };
  return { first, length: window.rows * bytes, count: window.columns, step: matrix.rows * bytes };
}

/** A window's values row by row as they stand in the transpose, column by column; and the other way round for its transpose. */
export const transposedData = ({ rows, columns }: Matrix, data: Float32Array): Float32Array =>
  transpose({ shape: [rows, columns], data }).data;

/** Values of a matrix that come in parts of any length, in their order, as its windows; each is the receiver's until the next. */
export async function* inWindows(
  parts: AsyncIterable<{ readonly values: Float32Array }>,
  windows: readonly Window[],
): AsyncGenerator<{ window: Window; values: Float32Array }> {
  const [largest] = windows;
  if (largest === undefined) return;
  const room = new Float32Array(largest.rows * largest.columns);
  let [at, filled] = [0, 0];
  for await (const { values } of parts) {
    for (let used = 0; used < values.length;) {
      const window = windows[at]!;
      const size = window.rows * window.columns;
      const taken = values.subarray(used, used + size - filled);
      room.set(taken, filled);
      [used, filled] = [used + taken.length, filled + taken.length];
      if (filled < size) continue;
      yield { window, values: room.subarray(0, size) };
      [at, filled] = [at + 1, 0];
    }
  }
}
