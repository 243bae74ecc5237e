import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import { byteLength, dtypeBits, encodeTensor, type FloatDtype, type OpenTensorFile } from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";
import { sizeOf } from "../values/tensor.js";

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

/** A ring of buffers. */
class Ring {
  private readonly buffers: Uint8Array[] = [];
  private at = 0;

  constructor(private readonly count: number) {}

  /** Returns this many bytes of the next buffer. */
  take(length: number): Uint8Array {
    const i = this.at++ % this.count;
    const known = this.buffers[i];
    const found = known !== undefined && known.length >= length ? known : new Uint8Array(length);
    this.buffers[i] = found;
    return found.subarray(0, length);
  }
}

/** A ring of buffers in an engine's memory. */
class EngineRing {
  private readonly blocks: { readonly pointer: Pointer; readonly length: number }[] = [];
  private at = 0;

  constructor(
    private readonly count: number,
    private readonly engine: Engine,
  ) {}

  take(length: number): Uint8Array {
    const { heap } = this.engine;
    const i = this.at++ % this.count;
    let block = this.blocks[i];
    if (block === undefined || block.length < length) {
      const larger = { pointer: heap.allocate(length), length };
      if (block !== undefined) heap.release(block.pointer);
      this.blocks[i] = block = larger;
    }
    return new Uint8Array(heap.memory.buffer, block.pointer, length);
  }

  dispose(): void {
    if (this.engine.closed) return;
    for (const { pointer } of this.blocks.splice(0)) this.engine.heap.release(pointer);
  }
}

/**
 * Memory for the pieces of many tensors, one tensor after another. New memory for each piece would cost more than the work on it: the
 * system clears it, and the garbage collector runs. Dispose of it when no read into it is pending.
 */
export class PieceBuffers {
  /** Buffers for unchanged bytes: one piece is being written, one is being read, one is in between. */
  readonly unchanged = new Ring(3);
  /** Buffers for the base's bytes: one piece is being read, one is being changed. */
  readonly read = new Ring(2);
  /** Buffers for changed bytes: one piece is being written, one is being computed. */
  readonly changed = new Ring(2);
  /** Buffers for bytes changed in place: one piece is being written, one is being changed, one is being read. */
  readonly inPlace: Pick<Ring, "take">;
  private readonly blocks: EngineRing | null;

  /**
   * @param engine whose memory is used for changes in place, so that files are read and written without a copy; only an engine with
   *   threads, since other memory moves when it grows, even during a read. Omitted: the host's memory
   */
  constructor(engine?: Engine) {
    const isShared = engine?.heap.memory.buffer instanceof SharedArrayBuffer;
    this.blocks = isShared ? new EngineRing(3, engine) : null;
    this.inPlace = this.blocks ?? new Ring(3);
  }

  /** Frees the engine's memory. */
  dispose(): void {
    this.blocks?.dispose();
  }
}

/** The kernels' number of an element type. */
const formatOf = (dtype: FloatDtype) => weightFormats.indexOf(dtype.toLowerCase() as WeightFormat);

/** A piece of a tensor in an engine's memory: as float32, and in the file's format. Dispose of it. */
export class PieceMemory {
  /** Values of the piece, float32. */
  readonly values: Pointer;
  /** Bytes of the piece in the file's format; for float32 those of the values. */
  private readonly stored: Pointer;
  private readonly format: number;
  private readonly blocks: Pointer[] = [];
  private length = 0;

  /** @param most maximum number of elements */
  constructor(
    readonly engine: Engine,
    private readonly dtype: FloatDtype,
    most: number,
  ) {
    this.format = formatOf(dtype);
    try {
      this.values = this.allocate(most);
      this.stored = dtype === "F32" ? this.values : this.allocate(most / 2);
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Current number of elements. */
  get size(): number {
    return this.length;
  }

  /** Sets it from a file's bytes. */
  load(bytes: Uint8Array): void {
    const { kernels } = this.engine;
    this.length = bytes.byteLength / (this.dtype === "F32" ? 4 : 2);
    this.engine.write(this.stored, bytes, bytes.byteLength);
    if (this.dtype !== "F32") kernels.stored_decode(this.format, this.length, this.stored, this.values);
  }

  /** Sets its values. */
  set(values: Float32Array): void {
    this.length = values.length;
    this.put(values, 0);
  }

  /** Replaces some of its values, from element `at` on. */
  put(values: Float32Array, at: number): void {
    this.engine.write(this.values + 4 * at, values, values.length);
  }

  /** A copy of its values. */
  read(): Float32Array {
    return this.engine.read(this.values, this.length);
  }

  /** Encodes its values in the file's format, rounded once; `tensor` is a name for messages. Throws as `encodeTensor`. */
  store(bytes: Uint8Array, tensor: string): void {
    const { engine, dtype } = this;
    if (dtype !== "F32") {
      const tooLarge = engine.kernels.stored_encode(this.format, this.length, this.values, this.stored);
      // Its error names the value.
      if (tooLarge > 0) encodeTensor(this.read(), dtype, tensor);
    }
    engine.readBytes(this.stored, bytes.byteLength, bytes);
  }

  /** Memory for this many float32 values, freed together with the piece. */
  allocate(elements: number): Pointer {
    const pointer = this.engine.heap.allocate(4 * elements);
    this.blocks.push(pointer);
    return pointer;
  }

  /** Frees the memory. */
  dispose(): void {
    if (this.engine.closed) return;
    for (const block of this.blocks.splice(0)) this.engine.heap.release(block);
  }
}

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
