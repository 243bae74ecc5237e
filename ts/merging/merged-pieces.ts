import type { Engine } from "../engine/running.js";
import {
  byteLength,
  decodeTensor,
  dtypeBits,
  encodeTensor,
  type FloatDtype,
  type OpenTensorFile,
} from "../io/safetensors/index.js";
import { sizeOf } from "../values/shape.js";
import type { Change } from "./merge-plan.js";
import { type RowUpdate, RowUpdater } from "./row-update.js";

/** Elements that are read, changed and written at a time: a tensor of any size takes this much of each. */
const PIECE = 2 * 1024 * 1024;

/** Something that is done between two pieces, such as a `breather`: it lets others have a turn, and throws where the work was cancelled. */
export type Pause = () => Promise<void> | undefined;

/** A range of a tensor's elements. */
interface Range {
  readonly begin: number;
  readonly end: number;
}

/** A tensor of the base in its elements, piece by piece. */
class StoredTensor {
  readonly dtype: FloatDtype;
  readonly size: number;
  private readonly bytes: number;

  constructor(
    private readonly base: OpenTensorFile,
    readonly name: string,
  ) {
    const { dtype, shape } = base.info(name);
    this.dtype = dtype as FloatDtype;
    this.bytes = dtypeBits[dtype] / 8;
    this.size = sizeOf(shape);
  }

  /** Whole rows of `columns` elements, as many as a piece holds, one at least. */
  ranges(columns = 1): Range[] {
    const step = columns * Math.max(1, Math.floor(PIECE / Math.max(1, columns)));
    const ranges: Range[] = [];
    for (let begin = 0; begin < this.size; begin += step)
      ranges.push({ begin, end: Math.min(this.size, begin + step) });
    return ranges;
  }

  /** Their bytes one after another; each is on its way while the one before it is worked on. */
  async *read(ranges: readonly Range[]): AsyncGenerator<{ range: Range; bytes: Uint8Array }> {
    const ask = ({ begin, end }: Range) => {
      const asked = this.base.raw(this.name, begin * this.bytes, end * this.bytes);
      // Nobody waits for it where the work ends before.
      asked.catch(() => {});
      return asked;
    };
    let next = ranges.length > 0 ? ask(ranges[0]!) : undefined;
    for (const [i, range] of ranges.entries()) {
      const bytes = await next!;
      next = i + 1 < ranges.length ? ask(ranges[i + 1]!) : undefined;
      yield { range, bytes };
    }
  }

  /** Their values, likewise. */
  async *values(ranges: readonly Range[]): AsyncGenerator<{ range: Range; values: Float32Array }> {
    for await (const { range, bytes } of this.read(ranges))
      yield { range, values: floats(bytes, this.dtype, this.name) };
  }
}

/** Bytes that nobody else has as values: the same memory where it can be. */
function floats(bytes: Uint8Array, dtype: FloatDtype, name: string): Float32Array {
  if (dtype === "F32" && bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return decodeTensor(bytes, dtype, name);
}

function bytesOf(values: Float32Array, dtype: FloatDtype, name: string): Uint8Array {
  if (dtype === "F32") return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return encodeTensor(values, dtype, name);
}

/** A tensor's bytes as they are, piece by piece. */
export async function* storedPieces(base: OpenTensorFile, name: string, pause: Pause): AsyncGenerator<Uint8Array> {
  const { dtype, shape } = base.info(name);
  const size = byteLength(dtype, shape);
  for (let begin = 0; begin < size; begin += 4 * PIECE) {
    await pause();
    yield await base.raw(name, begin, Math.min(size, begin + 4 * PIECE));
  }
}

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
  const tensor = new StoredTensor(base, name);
  if (change.kind === "update") return yield* updatedValues(engine, tensor, change.update, pause);
  if (change.kind === "replace") {
    for (const { begin, end } of tensor.ranges()) {
      await pause();
      yield { begin, values: change.values.slice(begin, end) };
    }
    return;
  }
  if (change.kind === "rows") return yield* withRows(tensor, base.info(name).shape[1]!, change, pause);
  for await (const { range, values } of tensor.values(tensor.ranges())) {
    await pause();
    for (let i = 0; i < values.length; i++) values[i]! += change.values[range.begin + i]!;
    yield { begin: range.begin, values };
  }
}

async function* withRows(
  tensor: StoredTensor,
  columns: number,
  { indices, values: rows }: Extract<Change, { kind: "rows" }>,
  pause: Pause,
): AsyncGenerator<{ begin: number; values: Float32Array }> {
  for await (const { range, values } of tensor.values(tensor.ranges(columns))) {
    await pause();
    for (const [i, row] of indices.entries()) {
      const begin = row * columns;
      if (begin >= range.begin && begin < range.end)
        values.set(rows.subarray(i * columns, (i + 1) * columns), begin - range.begin);
    }
    yield { begin: range.begin, values };
  }
}

async function* updatedValues(
  engine: Engine,
  tensor: StoredTensor,
  update: RowUpdate,
  pause: Pause,
): AsyncGenerator<{ begin: number; values: Float32Array }> {
  const { columns, magnitude } = update;
  const ranges = tensor.ranges(columns);
  const updater = new RowUpdater(engine, update, (ranges[0]?.end ?? 0) / Math.max(1, columns));
  try {
    const updated = async function* () {
      for await (const { range, values } of tensor.values(ranges)) {
        await pause();
        updater.add(values, range.begin / columns);
        yield { begin: range.begin, values };
      }
    };
    if (magnitude === null) return yield* updated();
    // An output that lies along a row is whole in its piece; one along a column only after all of them.
    const factors = magnitude.alongRows
      ? null
      : columnFactors(await columnSquares(updated(), columns), magnitude.values);
    for await (const { begin, values } of updated()) {
      if (factors === null) scaleRows(values, columns, magnitude.values.subarray(begin / columns));
      else for (let i = 0; i < values.length; i++) values[i]! *= factors[i % columns]!;
      yield { begin, values };
    }
  } finally {
    updater.dispose();
  }
}

/** ‖row‖₂ of each row becomes its magnitude. */
function scaleRows(values: Float32Array, columns: number, magnitudes: Float32Array): void {
  for (let row = 0, at = 0; at < values.length; row++) {
    let square = 0;
    for (let i = at; i < at + columns; i++) square += values[i]! * values[i]!;
    const factor = magnitudes[row]! / Math.sqrt(square);
    for (const end = at + columns; at < end; at++) values[at]! *= factor;
  }
}

async function columnSquares(
  pieces: AsyncIterable<{ readonly values: Float32Array }>,
  columns: number,
): Promise<Float64Array> {
  const squares = new Float64Array(columns);
  for await (const { values } of pieces)
    for (let at = 0; at < values.length; at += columns)
      for (let i = 0; i < columns; i++) squares[i]! += values[at + i]! * values[at + i]!;
  return squares;
}

const columnFactors = (squares: Float64Array, magnitudes: Float32Array) =>
  squares.map((square, i) => magnitudes[i]! / Math.sqrt(square));

/** A changed tensor's new bytes in the base's own element type, piece by piece. Errors as `encodeTensor`. */
export async function* mergedPieces(
  engine: Engine,
  base: OpenTensorFile,
  name: string,
  change: Change,
  pause: Pause,
): AsyncGenerator<Uint8Array> {
  const dtype = base.info(name).dtype as FloatDtype;
  for await (const { values } of mergedValues(engine, base, name, change, pause)) yield bytesOf(values, dtype, name);
}
