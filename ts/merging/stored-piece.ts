import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import type { FloatDtype } from "../io/safetensors/index.js";
import { formatOf } from "./piece-memory.js";

/** A piece of a tensor in an engine's memory as its file has it. Dispose of it. */
export class StoredPiece {
  private readonly data: Pointer;
  private readonly format: number;
  private readonly blocks: Pointer[] = [];

  /** @param most bytes that it holds at most */
  constructor(
    private readonly engine: Engine,
    dtype: FloatDtype,
    most: number,
  ) {
    this.format = formatOf(dtype);
    this.data = this.allocate(most);
  }

  /** Holds these bytes. */
  load(bytes: Uint8Array): void {
    this.engine.write(this.data, bytes, bytes.byteLength);
  }

  /** Writes as many of its bytes as there is room for. */
  store(bytes: Uint8Array): void {
    this.engine.readBytes(this.data, bytes.byteLength, bytes);
  }

  /** W + s·L·R in place of its rows; see `stored_add_low_rank`. False where a value is finite, but too large for the format. */
  addLowRank(rows: number, columns: number, rank: number, scaling: number, left: Pointer, panels: Pointer): boolean {
    const { kernels } = this.engine;
    return kernels.stored_add_low_rank(this.format, rows, columns, rank, scaling, left, panels, this.data) === 0;
  }

  /** Values in memory that is given back with its own. */
  put(values: Float32Array): Pointer {
    const pointer = this.allocate(4 * values.length);
    this.engine.write(pointer, values, values.length);
    return pointer;
  }

  /** Gives the memory back. */
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
