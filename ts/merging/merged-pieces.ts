import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import { dtypeBits, type OpenTensorFile } from "../io/safetensors/index.js";
import type { Change, TrainedRows } from "./merge-plan.js";
import type { RowUpdate } from "./orientation.js";
import {
  blocksOf,
  type Pause,
  PieceBuffers,
  PieceMemory,
  type Range,
  StoredPiece,
  StoredTensor,
} from "./stored-tensor.js";

/**
 * A changed tensor's new values, part by part, in float32. The base's values are widened, so writing rounds once.
 * @yields `begin`, the index of the first element, and the values, which the receiver owns
 */
export async function* mergedValues(
  engine: Engine,
  base: OpenTensorFile,
  name: string,
  change: Change,
  pause: Pause,
): AsyncGenerator<{ begin: number; values: Float32Array }> {
  const tensor = new StoredTensor(base, name);
  for await (const { block, memory } of merged(engine, tensor, change, pause, new PieceBuffers()))
    yield { begin: block.begin, values: memory.read() };
}

/**
 * A changed tensor's new bytes in the base's element type, piece by piece. A piece stays valid until the next but one is requested. Throws
 * as `encodeTensor`.
 */
export async function* mergedPieces(
  engine: Engine,
  base: OpenTensorFile,
  name: string,
  change: Change,
  pause: Pause,
  buffers: PieceBuffers,
): AsyncGenerator<Uint8Array> {
  const tensor = new StoredTensor(base, name);
  if (change.kind === "update" && change.update.magnitude === null && change.rows === null)
    return yield* updatedPieces(engine, tensor, change.update, pause, buffers);
  const bytes = dtypeBits[tensor.dtype] / 8;
  let made: Uint8Array = new Uint8Array();
  for await (const { piece, block, memory } of merged(engine, tensor, change, pause, buffers)) {
    if (block.begin === piece.begin) made = buffers.changed.take((piece.end - piece.begin) * bytes);
    const part = made.subarray((block.begin - piece.begin) * bytes, (block.end - piece.begin) * bytes);
    memory.store(part, name);
    if (block.end === piece.end) yield made;
  }
}

/** W + s·L·R, changed in the file's own format. */
async function* updatedPieces(
  engine: Engine,
  tensor: StoredTensor,
  update: RowUpdate,
  pause: Pause,
  buffers: PieceBuffers,
): AsyncGenerator<Uint8Array> {
  const { columns } = update;
  const pieces = tensor.ranges(columns);
  const piece = new StoredPiece(engine, tensor.dtype, (pieces[0]?.end ?? 0) * (dtypeBits[tensor.dtype] / 8));
  try {
    const updater = new StoredRowUpdater(piece, update);
    for await (const { range, read } of tensor.read(pieces, buffers.inPlace)) {
      await pause();
      const fits = updater.add(read, range.begin / columns, (range.end - range.begin) / columns);
      if (!fits) await inSteps(engine, tensor, update, range, read);
      yield read;
    }
  } finally {
    piece.dispose();
  }
}

/** The values of a piece with one too large for the format: in float32, so that `encodeTensor`'s error names the value. */
async function inSteps(
  engine: Engine,
  tensor: StoredTensor,
  update: RowUpdate,
  { begin, end }: Range,
  to: Uint8Array,
): Promise<void> {
  const from = await tensor.piece({ begin, end });
  const memory = new PieceMemory(engine, tensor.dtype, end - begin);
  try {
    const updater = new RowUpdater(memory, update);
    memory.load(from);
    updater.add(begin / update.columns);
    memory.store(to, tensor.name);
  } finally {
    memory.dispose();
  }
}

/** Part of a piece with its new values, valid until the next part is requested. */
interface Merged {
  readonly piece: Range;
  readonly block: Range;
  readonly memory: PieceMemory;
}

async function* merged(
  engine: Engine,
  tensor: StoredTensor,
  change: Change,
  pause: Pause,
  buffers: PieceBuffers,
): AsyncGenerator<Merged> {
  const columns = change.kind === "update" ? change.update.columns : change.kind === "rows" ? tensor.shape[1]! : 1;
  const pieces = tensor.ranges(columns);
  const [largest] = pieces.slice(0, 1).flatMap((piece) => blocksOf(piece, columns));
  const memory = new PieceMemory(engine, tensor.dtype, largest?.end ?? 0);
  const stored = async function* (): AsyncGenerator<Merged> {
    for await (const { range: piece, read } of tensor.read(pieces, buffers.read)) {
      await pause();
      const bytes = read.byteLength / (piece.end - piece.begin);
      for (const block of blocksOf(piece, columns)) {
        memory.load(read.subarray((block.begin - piece.begin) * bytes, (block.end - piece.begin) * bytes));
        if (change.kind === "update" && change.rows !== null) putRows(memory, block, columns, change.rows);
        yield { piece, block, memory };
      }
    }
  };
  try {
    if (change.kind === "update") yield* updated(stored, memory, change.update);
    else if (change.kind === "replace") {
      for (const piece of pieces) {
        await pause();
        for (const block of blocksOf(piece, columns)) {
          memory.set(change.values.subarray(block.begin, block.end));
          yield { piece, block, memory };
        }
      }
    } else {
      for await (const part of stored()) {
        if (change.kind === "rows") putRows(memory, part.block, columns, change);
        else memory.set(memory.read().map((value, i) => value + change.values[part.block.begin + i]!));
        yield part;
      }
    }
  } finally {
    memory.dispose();
  }
}

function putRows(memory: PieceMemory, block: Range, columns: number, { indices, values }: TrainedRows): void {
  for (const [i, row] of indices.entries()) {
    const begin = row * columns;
    if (begin >= block.begin && begin < block.end)
      memory.put(values.subarray(i * columns, (i + 1) * columns), begin - block.begin);
  }
}

async function* updated(
  stored: () => AsyncGenerator<Merged>,
  memory: PieceMemory,
  update: RowUpdate,
): AsyncGenerator<Merged> {
  const { columns, magnitude } = update;
  const updater = new RowUpdater(memory, update);
  const sums = async function* () {
    for await (const part of stored()) {
      updater.add(part.block.begin / columns);
      yield part;
    }
  };
  if (magnitude === null) return yield* sums();
  // An output along a row is complete within its block; one along a column only after all blocks.
  if (!magnitude.alongRows) updater.scaleColumns(await columnSquares(sums(), columns));
  for await (const part of sums()) {
    updater.scale(part.block.begin / columns);
    yield part;
  }
}

async function columnSquares(parts: AsyncIterable<Merged>, columns: number): Promise<Float64Array> {
  const squares = new Float64Array(columns);
  for await (const { memory } of parts) {
    const values = memory.read();
    for (let at = 0; at < values.length; at += columns)
      for (let i = 0; i < columns; i++) squares[i]! += values[at + i]! * values[at + i]!;
  }
  return squares;
}

/** Columns of a panel of R, for `stored_add_low_rank`. */
const PANEL = 8;

/** Row-major. */
function dense({ data, rowStep, columnStep }: RowUpdate["left"], rows: number, columns: number): Float32Array {
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) values[i * columns + j] = data[i * rowStep + j * columnStep]!;
  return values;
}

/** Columns in row-major panels, the last one padded with zeros. */
function panelled({ data, rowStep, columnStep }: RowUpdate["left"], rows: number, columns: number): Float32Array {
  const values = new Float32Array(Math.ceil(columns / PANEL) * PANEL * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) {
      const within = j % PANEL;
      values[(j - within) * rows + i * PANEL + within] = data[i * rowStep + j * columnStep]!;
    }
  return values;
}

/** An update without DoRA in an engine's memory. It changes pieces of its weight there, in the file's format, and shares their lifetime. */
class StoredRowUpdater {
  private readonly left: Pointer;
  private readonly panels: Pointer;

  constructor(
    private readonly piece: StoredPiece,
    private readonly update: RowUpdate,
  ) {
    const { rows, columns, rank, left, right } = update;
    this.left = piece.put(dense(left, rows, rank));
    this.panels = piece.put(panelled(right, rank, columns));
  }

  /**
   * Changes rows of W from `firstRow` on to those of W + s·L·R, rounded once. Returns false if a finite value is too large for the format;
   * it is then infinite.
   */
  add(bytes: Uint8Array, firstRow: number, rows: number): boolean {
    const { columns, rank, scaling } = this.update;
    const left = this.left + 4 * firstRow * rank;
    return this.piece.addLowRank(bytes, { rows, columns, rank, scaling }, left, this.panels);
  }
}

/** An update in an engine's memory. It changes pieces of its weight there, and shares their lifetime. */
class RowUpdater {
  private readonly left: Pointer;
  private readonly right: Pointer;
  private readonly factors: Pointer;

  constructor(
    private readonly piece: PieceMemory,
    private readonly update: RowUpdate,
  ) {
    const { left, right, magnitude } = update;
    this.left = this.put(left.data);
    this.right = this.put(right.data);
    this.factors = magnitude === null ? 0 : this.put(magnitude.values);
  }

  /** Changes the piece's rows of W, from `firstRow` on, to those of W + s·L·R in float32, without DoRA's magnitudes. */
  add(firstRow: number): void {
    const { piece, update, rows } = this;
    const { columns, rank, scaling, left, right } = update;
    if (rows === 0) return;
    const first = this.left + 4 * firstRow * left.rowStep;
    piece.engine.kernels.gemm(
      rows,
      columns,
      rank,
      scaling,
      first,
      left.rowStep,
      left.columnStep,
      this.right,
      right.rowStep,
      right.columnStep,
      1,
      piece.values,
      columns,
      0,
    );
  }

  /** Outputs along rows: scales each row's ‖row‖₂ to its magnitude. Along columns: see `scaleColumns`, which comes first. */
  scale(firstRow: number): void {
    const { piece, update, rows, factors } = this;
    const { columns, magnitude } = update;
    const { kernels } = piece.engine;
    if (magnitude === null || rows === 0) return;
    const { values, alongRows } = magnitude;
    if (alongRows) {
      const norms = values.slice(firstRow, firstRow + rows).map((value, row) => {
        const square = kernels.sum_of_squares(piece.values + 4 * row * columns, columns);
        return value / Math.sqrt(square);
      });
      piece.engine.write(factors, norms, rows);
    }
    kernels.mul_forward(
      piece.values,
      factors,
      piece.values,
      rows,
      1,
      columns,
      columns,
      0,
      1,
      alongRows ? 1 : 0,
      0,
      alongRows ? 0 : 1,
      0,
    );
  }

  /** Sums of squares of the whole weight's columns, which `scale` needs for the magnitudes. */
  scaleColumns(squares: Float64Array): void {
    const { values } = this.update.magnitude!;
    const factors = values.map((value, i) => value / Math.sqrt(squares[i]!));
    this.piece.engine.write(this.factors, factors, factors.length);
  }

  private get rows(): number {
    const { columns } = this.update;
    return columns === 0 ? 0 : this.piece.size / columns;
  }

  private put(values: Float32Array): Pointer {
    const pointer = this.piece.allocate(values.length);
    this.piece.engine.write(pointer, values, values.length);
    return pointer;
  }
}
