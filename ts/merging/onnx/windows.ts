import { transpose } from "../../io/peft/conv1d.js";
import { sizeOf } from "../../values/shape.js";

/** Rows and columns; anything but a matrix is one row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

export const matrixOf = (shape: readonly number[]): Matrix =>
  shape.length === 2 ? { rows: shape[0]!, columns: shape[1]! } : { rows: 1, columns: sizeOf(shape) };

/** Whole rows of a matrix, or a part of one row: consecutive elements from row `row` and column `column` on. */
export interface Window extends Matrix {
  readonly row: number;
  readonly column: number;
}

/** Blocks of `length` bytes at equal distances, the first at `first`. */
export interface Blocks {
  readonly first: number;
  readonly length: number;
  readonly count: number;
  readonly step: number;
}

/** The most elements in memory at a time, for a matrix of any size. */
const MOST = 4 * 1024 * 1024;

/** The windows of a matrix, in order, each of at most `most` elements. */
export function windowsOf({ rows, columns }: Matrix, most = MOST): Window[] {
  const windows: Window[] = [];
  if (columns === 0) return windows;
  const high = Math.max(1, Math.floor(most / columns));
  for (let row = 0; row < rows; row += high)
    for (let column = 0; column < columns; column += most)
      windows.push({ row, column, rows: Math.min(high, rows - row), columns: Math.min(most, columns - column) });
  return windows;
}

/** The blocks of a window in a matrix with elements of this many bytes, or in its transpose, one block for each column there. */
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

/** Transposes a window's values, from rows to columns or back. */
export const transposedData = ({ rows, columns }: Matrix, data: Float32Array): Float32Array =>
  transpose({ shape: [rows, columns], data }).data;

/** Regroups a matrix's values from parts of any length into windows; each stays valid until the next. */
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
