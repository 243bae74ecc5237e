import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import { byteLength, dtypeBits, type FloatDtype, type OpenTensorFile } from "../io/safetensors/index.js";
import { sizeOf } from "../values/shape.js";
import { formatOf, type PieceBuffers } from "./piece-memory.js";

/** A piece of a tensor in an engine's memory, in the file's format. Dispose of it. */
export class StoredPiece {
  private readonly format: number;
  private readonly blocks: Pointer[] = [];
  /** Memory for changing pieces from elsewhere. */
  private room: Pointer | null = null;

  /** @param most maximum number of bytes */
  constructor(
    private readonly engine: Engine,
    dtype: FloatDtype,
    private readonly most: number,
  ) {
    this.format = formatOf(dtype);
  }

  /** Calls `change` with the address of bytes: in place if they are in the engine's memory, otherwise in a copy that is copied back. */
  private inPlace<T>(bytes: Uint8Array, change: (data: Pointer) => T): T {
    if (this.engine.shows(bytes)) return change(bytes.byteOffset);
    this.room ??= this.allocate(this.most);
    this.engine.write(this.room, bytes, bytes.byteLength);
    const result = change(this.room);
    this.engine.readBytes(this.room, bytes.byteLength, bytes);
    return result;
  }

  /** Replaces rows by those of W + s·L·R; see `stored_add_low_rank`. Returns false if a finite value is too large for the format. */
  addLowRank(
    bytes: Uint8Array,
    { rows, columns, rank, scaling }: { rows: number; columns: number; rank: number; scaling: number },
    left: Pointer,
    panels: Pointer,
  ): boolean {
    const { kernels } = this.engine;
    const add = (data: Pointer) =>
      kernels.stored_add_low_rank(this.format, rows, columns, rank, scaling, left, panels, data);
    return this.inPlace(bytes, add) === 0;
  }

  /** Memory for values, freed together with the piece. */
  put(values: Float32Array): Pointer {
    const pointer = this.allocate(4 * values.length);
    this.engine.write(pointer, values, values.length);
    return pointer;
  }

  /** Frees the memory. */
  dispose(): void {
    if (this.engine.closed) return;
    for (const block of this.blocks.splice(0)) this.engine.heap.release(block);
  }

  private allocate(bytes: number): Pointer {
    const pointer = this.engine.heap.allocate(bytes);
    this.blocks.push(pointer);
    return pointer;
  }
}

/** Bytes per read and write: a tensor of any size needs a few times this memory. Smaller pieces need more system calls. */
const PIECE = 1024 * 1024;

/** Elements changed at a time: in float32 they fit into the processor's L2 cache. */
const BLOCK = 128 * 1024;

/** Called between two pieces, such as a `breather`: lets the event loop run, and throws when cancelled. */
export type Pause = () => Promise<void> | undefined;

/** A range of a tensor's elements. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

/** Ranges over `size` elements: each a multiple of `step` (except perhaps the last), at most `most` elements, at least one step. */
function rangesOf(size: number, step: number, most: number): Range[] {
  const length = step * Math.max(1, Math.floor(most / Math.max(1, step)));
  const ranges: Range[] = [];
  for (let begin = 0; begin < size; begin += length) ranges.push({ begin, end: Math.min(size, begin + length) });
  return ranges;
}

/** A piece's parts to change at a time, also whole rows. */
export const blocksOf = ({ begin, end }: Range, columns: number): Range[] =>
  rangesOf(end - begin, columns, BLOCK).map((block) => ({ begin: begin + block.begin, end: begin + block.end }));

/** The results of `ask` in order; requests the next one while the caller works on the current one. */
async function* ahead<T>(
  ranges: readonly Range[],
  ask: (range: Range) => Promise<T>,
): AsyncGenerator<{ range: Range; read: T }> {
  const begin = (i: number) => {
    const asked = i < ranges.length ? ask(ranges[i]!) : undefined;
    // It is not awaited if the work ends early.
    asked?.catch(() => {});
    return asked;
  };
  let next = begin(0);
  try {
    for (const [i, range] of ranges.entries()) {
      const read = await next!;
      next = begin(i + 1);
      yield { range, read };
    }
  } finally {
    // Until then it writes into reused memory.
    await next?.catch(() => {});
  }
}

/** A tensor of the base, piece by piece. */
export class StoredTensor {
  readonly dtype: FloatDtype;
  readonly size: number;
  readonly shape: readonly number[];
  private readonly bytes: number;

  constructor(
    private readonly base: OpenTensorFile,
    readonly name: string,
  ) {
    const { dtype, shape } = base.info(name);
    this.dtype = dtype as FloatDtype;
    this.shape = shape;
    this.bytes = dtypeBits[dtype] / 8;
    this.size = sizeOf(shape);
  }

  /** Whole rows of `columns` elements, as many as fit into a piece, at least one. */
  ranges(columns: number): Range[] {
    return rangesOf(this.size, columns, PIECE / this.bytes);
  }

  /**
   * Reads the bytes of tensors in order, in memory of `buffers`, valid until the next are requested. Each is read while the caller works on the one
   * before.
   */
  read(
    ranges: readonly Range[],
    buffers: PieceBuffers["read" | "inPlace"],
  ): AsyncGenerator<{ range: Range; read: Uint8Array }> {
    return ahead(ranges, async (range) => {
      const into = buffers.take((range.end - range.begin) * this.bytes);
      const read = await this.piece(range, into);
      // Bytes that are in memory already may be returned without a copy; they must not be changed.
      if (read.buffer !== into.buffer || read.byteOffset !== into.byteOffset) into.set(read);
      return into;
    });
  }

  /** The bytes of one range; in `into`, if passed and the file can be read into memory. */
  piece({ begin, end }: Range, into?: Uint8Array): Promise<Uint8Array> {
    return this.base.raw(this.name, begin * this.bytes, end * this.bytes, into);
  }
}

/** A tensor's unchanged bytes, piece by piece; each stays valid until the next but one is requested. */
export async function* storedPieces(
  base: OpenTensorFile,
  name: string,
  pause: Pause,
  { unchanged }: PieceBuffers,
): AsyncGenerator<Uint8Array> {
  const { dtype, shape } = base.info(name);
  const ranges = rangesOf(byteLength(dtype, shape), 1, PIECE);
  const ask = ({ begin, end }: Range) => base.raw(name, begin, end, unchanged.take(end - begin));
  for await (const { read } of ahead(ranges, ask)) {
    await pause();
    yield read;
  }
}
