import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import { encodeTensor, type FloatDtype } from "../io/safetensors/index.js";
import { type WeightFormat, weightFormats } from "../ops/product/frozen-weight.js";

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
export const formatOf = (dtype: FloatDtype) => weightFormats.indexOf(dtype.toLowerCase() as WeightFormat);

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
