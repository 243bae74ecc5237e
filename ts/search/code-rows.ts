import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";

/** Bytes of a block, if rows are shorter. */
const BLOCK = 2 ** 20;

/** Rows of bytes in the engine's memory, in blocks that are never moved. */
export class CodeRows {
  private count = 0;
  private readonly blocks: Pointer[] = [];
  /** Rows of a block: a multiple of 4, since kernels read four rows at once. */
  readonly blockRows: number;

  /** @param rowBytes a multiple of 16 */
  constructor(
    private readonly engine: Engine,
    readonly rowBytes: number,
  ) {
    this.blockRows = Math.max(4, Math.floor(BLOCK / rowBytes / 4) * 4);
  }

  get length(): number {
    return this.count;
  }

  /** Adds rows, each read and then written; if anything throws, there are as many as before. */
  append<T>(rows: number, read: (i: number) => T, write: (value: T, into: Uint8Array) => void): void {
    const former = this.count;
    const written = new Uint8Array(this.rowBytes);
    // A view for each row would be most of the garbage of a large index. Growth replaces it.
    let memory = new Uint8Array();
    try {
      for (let i = 0; i < rows; i++) {
        const value = read(i);
        if (this.count === this.blocks.length * this.blockRows)
          this.blocks.push(this.engine.heap.allocate(this.blockRows * this.rowBytes));
        write(value, written);
        const { buffer } = this.engine.heap.memory;
        if (memory.buffer !== buffer) memory = new Uint8Array(buffer);
        memory.set(written, this.addressOf(this.count++));
      }
    } catch (error) {
      this.truncate(former);
      throw error;
    }
  }

  /** The bytes of a row, in memory that the next allocation may detach. */
  row(row: number): Uint8Array {
    return new Uint8Array(this.engine.heap.memory.buffer, this.addressOf(row), this.rowBytes);
  }

  /** Puts the last row in the place of another. */
  removeRow(row: number): void {
    this.row(row).set(this.row(this.count - 1));
    this.truncate(this.count - 1);
  }

  /** Calls `visit` with the address, the first row and the number of rows of each block. */
  eachBlock(visit: (pointer: Pointer, first: number, rows: number) => void): void {
    this.blocks.forEach((pointer, i) => {
      const first = i * this.blockRows;
      visit(pointer, first, Math.min(this.blockRows, this.count - first));
    });
  }

  dispose(): void {
    this.truncate(0);
  }

  private addressOf(row: number): Pointer {
    return this.blocks[Math.floor(row / this.blockRows)]! + (row % this.blockRows) * this.rowBytes;
  }

  private truncate(rows: number): void {
    this.count = rows;
    const blocks = Math.ceil(rows / this.blockRows);
    for (const pointer of this.blocks.splice(blocks)) if (!this.engine.closed) this.engine.heap.release(pointer);
  }
}
