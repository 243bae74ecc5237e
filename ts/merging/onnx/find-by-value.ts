import type { FloatTensor, OnnxPlace } from "../../io/onnx/tensor.js";
import { transpose } from "../../io/peft/conv1d.js";
import { decodeTensor, dtypeBits, type FloatDtype, type OpenTensorFile } from "../../io/safetensors/index.js";
import { sameShape, sizeOf } from "../../values/tensor.js";
import type { Pause } from "../stored-tensor.js";

/** Rows and columns; anything but a matrix is one row. */
interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

export const matrixOf = (shape: readonly number[]): Matrix =>
  shape.length === 2 ? { rows: shape[0]!, columns: shape[1]! } : { rows: 1, columns: sizeOf(shape) };

/** Whole rows of a matrix, or a part of one row: consecutive elements from row `row` and column `column` on. */
interface Window extends Matrix {
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

/** A constant that is a tensor of another file, and whether it is transposed. */
export interface Match {
  readonly tensor: FloatTensor;
  readonly transposed: boolean;
}

/** Reads bytes of a constant, in its file or another: its blocks in order. */
export type ReadBlocks = (place: OnnxPlace, blocks: Blocks) => Promise<Uint8Array>;

/** Elements of a sample, compared first: some at each of a few positions. */
const [RUNS, RUN] = [4, 16];
/** Relative distance of neighbouring values; converters raise smaller values to the minimum, or drop them. */
const spacing: { readonly [dtype in FloatDtype]: number } = { F32: 0, F16: 2 ** -10, BF16: 2 ** -7 };
const LEAST_HALF = 2e-7;

/** Finds constants by their values. It caches samples, so that a failing comparison reads nothing. */
export class ByValue {
  private readonly starts = new Map<string, Float32Array>();
  private readonly expectedStarts = new Map<string, Float32Array>();

  constructor(
    private readonly tensors: readonly FloatTensor[],
    private readonly read: ReadBlocks,
    private readonly pause: Pause,
  ) {}

  /**
   * The constants with a tensor's values, or its transpose's; a symmetric matrix counts as not transposed. Constants of 16 bits match
   * approximately.
   * @param among the constants to compare
   */
  async find(base: OpenTensorFile, name: string, among = this.tensors): Promise<Match[]> {
    const { shape } = base.info(name);
    const matrix = matrixOf(shape);
    const [first, ...others] = samplesOf(matrix);
    let left = among.flatMap((tensor) => ordersOf(tensor, shape));
    const keep = async (expected: Float32Array, values: (match: Match) => Promise<Float32Array>) => {
      await this.pause();
      const kept: Match[] = [];
      for (const match of left) if (near(await values(match), expected, match.tensor.dtype)) kept.push(match);
      left = kept;
    };
    if (left.length > 0 && first !== undefined)
      await keep(await this.expectedStart(base, name, first), (match) => this.start(match, matrix, first));
    for (const window of [...others, ...windowsOf(matrix)])
      if (left.length > 0)
        await keep(await valuesOf(base, name, window), (match) => this.window(match, matrix, window));
    return left.filter((match, i) => match.tensor !== left[i - 1]?.tensor);
  }

  /** Whether a tensor's elements are all equal, as in untrained norms and biases. */
  async isUniform(base: OpenTensorFile, name: string): Promise<boolean> {
    let first: number | undefined;
    for (const window of windowsOf(matrixOf(base.info(name).shape))) {
      await this.pause();
      const values = await valuesOf(base, name, window);
      first ??= values[0];
      if (!values.every((value) => value === first)) return false;
    }
    return true;
  }

  /** The cached sample of a base's tensor. */
  private async expectedStart(base: OpenTensorFile, name: string, window: Window): Promise<Float32Array> {
    const found = this.expectedStarts.get(name) ?? (await valuesOf(base, name, window));
    this.expectedStarts.set(name, found);
    return found;
  }

  /** The cached sample of a constant. */
  private async start(match: Match, matrix: Matrix, window: Window): Promise<Float32Array> {
    // Constants at the same place in a file share a sample.
    const { location, offset } = match.tensor.place;
    const key = `${matrix.rows} ${matrix.columns} ${match.transposed} ${match.tensor.dtype} ${offset} ${location}`;
    const found = this.starts.get(key) ?? (await this.window(match, matrix, window));
    this.starts.set(key, found);
    return found;
  }

  private async window({ tensor, transposed }: Match, matrix: Matrix, window: Window): Promise<Float32Array> {
    await this.pause();
    const blocks = blocksIn(matrix, window, transposed, dtypeBits[tensor.dtype] / 8);
    const values = decodeTensor(await this.read(tensor.place, blocks), tensor.dtype, tensor.name);
    return transposed ? transposedData({ rows: window.columns, columns: window.rows }, values) : values;
  }
}

/** How a constant could be a tensor of that shape: unchanged, transposed, both or neither. */
function ordersOf(tensor: FloatTensor, of: readonly number[]): Match[] {
  const orders: Match[] = [];
  if (sameShape(tensor.shape, of)) orders.push({ tensor, transposed: false });
  if (of.length === 2 && sameShape(tensor.shape, of.toReversed())) orders.push({ tensor, transposed: true });
  return orders;
}

/** A few positions of a matrix, from its first row to its last. */
function samplesOf({ rows, columns }: Matrix): Window[] {
  if (rows * columns === 0) return [];
  const run = Math.min(RUN, columns);
  const place = (i: number, last: number) => Math.floor((i * last) / (RUNS - 1));
  return Array.from({ length: RUNS }, (_, i) => ({
    row: place(i, rows - 1),
    column: place(RUNS - 1 - i, columns - run),
    rows: 1,
    columns: run,
  }));
}

/** A window's bytes in a file of tensors. */
function bytesOf(base: OpenTensorFile, name: string, window: Window): Promise<Uint8Array> {
  const { dtype, shape } = base.info(name);
  const { first, length } = blocksIn(matrixOf(shape), window, false, dtypeBits[dtype] / 8);
  return base.raw(name, first, first + length);
}

const valuesOf = async (base: OpenTensorFile, name: string, window: Window) =>
  decodeTensor(await bytesOf(base, name, window), base.info(name).dtype, name);

function near(found: Float32Array, expected: Float32Array, dtype: FloatDtype): boolean {
  const relative = spacing[dtype];
  const least = dtype === "F32" ? 0 : LEAST_HALF;
  return found.every((a, i) => {
    const b = expected[i]!;
    return a === b || Math.abs(a - b) <= relative * Math.abs(b) + least || (a !== a && b !== b);
  });
}

/** The constants of each changed tensor of the base; usually one. */
export type OnnxPlan = ReadonlyMap<string, readonly Match[]>;
