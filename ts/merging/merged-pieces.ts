import type { Engine } from "../engine/running.js";
import { dtypeBits, type OpenTensorFile } from "../io/safetensors/index.js";
import type { Change } from "./merge-plan.js";
import { PieceBuffers } from "./piece-buffers.js";
import { PieceMemory } from "./piece-memory.js";
import { type RowUpdate, RowUpdater } from "./row-update.js";
import { type Pause, type Range, StoredTensor } from "./stored-tensor.js";

/**
 * A changed tensor's new values, piece by piece, in float32; what is read of the base is widened, so that writing rounds once.
 * @yields `begin`, the first element's place, and the values, which are the receiver's
 */
export async function* mergedValues(
  engine: Engine,
  base: OpenTensorFile,
  name: string,
  change: Change,
  pause: Pause,
): AsyncGenerator<{ begin: number; values: Float32Array }> {
  const buffers = new PieceBuffers();
  for await (const { begin, piece } of merged(engine, new StoredTensor(base, name), change, pause, buffers))
    yield { begin, values: piece.read() };
}

/**
 * A changed tensor's new bytes in the base's own element type, piece by piece; each is the receiver's until the next but one is
 * asked for. Errors as `encodeTensor`.
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
  const bytes = dtypeBits[tensor.dtype] / 8;
  for await (const { piece } of merged(engine, tensor, change, pause, buffers)) {
    const made = buffers.changed.take(piece.size * bytes);
    piece.store(made, name);
    yield made;
  }
}

/** A piece of a tensor with its new values, which are there until the next is asked for. */
interface Merged {
  readonly begin: number;
  readonly piece: PieceMemory;
}

async function* merged(
  engine: Engine,
  tensor: StoredTensor,
  change: Change,
  pause: Pause,
  buffers: PieceBuffers,
): AsyncGenerator<Merged> {
  const columns = change.kind === "update" ? change.update.columns : change.kind === "rows" ? tensor.shape[1]! : 1;
  const ranges = tensor.ranges(columns);
  const piece = new PieceMemory(engine, tensor.dtype, ranges[0]?.end ?? 0);
  try {
    if (change.kind === "update")
      return yield* updated(() => tensor.read(ranges, buffers), piece, change.update, pause);
    if (change.kind === "replace") {
      for (const { begin, end } of ranges) {
        await pause();
        piece.set(change.values.subarray(begin, end));
        yield { begin, piece };
      }
      return;
    }
    for await (const { range, read } of tensor.read(ranges, buffers)) {
      await pause();
      piece.load(read);
      if (change.kind === "rows") putRows(piece, range, columns, change);
      else piece.set(piece.read().map((value, i) => value + change.values[range.begin + i]!));
      yield { begin: range.begin, piece };
    }
  } finally {
    piece.dispose();
  }
}

function putRows(
  piece: PieceMemory,
  range: Range,
  columns: number,
  { indices, values }: Extract<Change, { kind: "rows" }>,
): void {
  for (const [i, row] of indices.entries()) {
    const begin = row * columns;
    if (begin >= range.begin && begin < range.end)
      piece.put(values.subarray(i * columns, (i + 1) * columns), begin - range.begin);
  }
}

async function* updated(
  pieces: () => ReturnType<StoredTensor["read"]>,
  piece: PieceMemory,
  update: RowUpdate,
  pause: Pause,
): AsyncGenerator<Merged> {
  const { columns, magnitude } = update;
  const updater = new RowUpdater(piece, update);
  const sums = async function* () {
    for await (const { range, read } of pieces()) {
      await pause();
      piece.load(read);
      updater.add(range.begin / columns);
      yield { begin: range.begin, piece };
    }
  };
  if (magnitude === null) return yield* sums();
  // An output that lies along a row is whole in its piece; one along a column only after all of them.
  if (!magnitude.alongRows) updater.scaleColumns(await columnSquares(sums(), columns));
  for await (const sum of sums()) {
    updater.scale(sum.begin / columns);
    yield sum;
  }
}

async function columnSquares(pieces: AsyncIterable<Merged>, columns: number): Promise<Float64Array> {
  const squares = new Float64Array(columns);
  for await (const { piece } of pieces) {
    const values = piece.read();
    for (let at = 0; at < values.length; at += columns)
      for (let i = 0; i < columns; i++) squares[i]! += values[at + i]! * values[at + i]!;
  }
  return squares;
}
