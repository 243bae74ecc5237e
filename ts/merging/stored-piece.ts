import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import type { FloatDtype } from "../io/safetensors/index.js";
import { formatOf } from "./piece-memory.js";

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
