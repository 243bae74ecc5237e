import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";
import {
  binaryRows,
  float32Rows,
  type IndexFormat,
  int8Rows,
  rangesOf,
  type RowFormat,
  type Scale,
} from "./vector-formats.js";

/** Bytes of a block, if rows are shorter. */
const BLOCK = 2 ** 20;

/** Rows of bytes in the engine's memory, in blocks that are never moved. */
class CodeRows {
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

/** Least vectors for ranges: with fewer, ranges follow all of them. */
const ENOUGH_FOR_RANGES = 1_000;

/** Vectors that are added, each read when it is needed. */
export interface AddedVectors {
  readonly count: number;
  /** A vector; a copy is in `into` if that is given. */
  at(i: number, into?: Float32Array): Float32Array;
}

/** Rows that can be searched. */
export interface SearchableRows {
  readonly format: RowFormat;
  readonly rows: CodeRows;
}

/**
 * The vectors of an index. As int8 without given ranges, the first ones are kept as float32 too: until there are enough, the ranges are
 * those of all vectors, and all codes are made anew.
 */
export class VectorStore {
  /** What is searched; null if codes must be made first. */
  private ready: SearchableRows | null = null;
  private staged: readonly Float32Array[] | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly dimensions: number,
    kind: IndexFormat,
    /** The ranges of int8 vectors; null while they are those of `stagedVectors`, and for other formats. */
    public scale: Scale | null,
  ) {
    if (kind === "int8" && scale === null) this.staged = [];
    else this.ready = this.emptyRows(kind, scale);
  }

  get length(): number {
    return this.staged?.length ?? this.ready!.rows.length;
  }

  /** Vectors that still decide the ranges; null if none do. */
  get stagedVectors(): readonly Float32Array[] | null {
    return this.staged;
  }

  /** Rows to search, with codes of all vectors. */
  searchable(): SearchableRows {
    return (this.ready ??= this.encoded(rangesOf(this.dimensions, listOf(this.staged!)), listOf(this.staged!)));
  }

  /** Adds vectors as the next rows; if anything throws, none. */
  add(added: AddedVectors): void {
    const { staged } = this;
    if (staged === null) return this.append(this.ready!, added);
    const total = staged.length + added.count;
    if (total < ENOUGH_FOR_RANGES) {
      const vectors = [...staged, ...Array.from({ length: added.count }, (_, i) => added.at(i))];
      this.forgetCodes();
      this.staged = vectors;
    } else {
      const scale = rangesOf(this.dimensions, listOf(staged), added);
      const all = {
        count: total,
        at: (i: number, into?: Float32Array) => staged[i] ?? added.at(i - staged.length, into),
      };
      const ready = this.encoded(scale, all);
      this.forgetCodes();
      [this.ready, this.scale, this.staged] = [ready, scale, null];
    }
  }

  /** Adds rows as they are stored in files. */
  addStored(count: number, at: (i: number) => Uint8Array): void {
    this.ready!.rows.append(count, at, (row, into) => into.fill(0).set(row));
  }

  /** Removes a row; the last one takes its place. */
  removeRow(row: number): void {
    if (this.staged === null) return this.ready!.rows.removeRow(row);
    const vectors = [...this.staged];
    const last = vectors.pop()!;
    if (row < vectors.length) vectors[row] = last;
    this.forgetCodes();
    this.staged = vectors;
  }

  dispose(): void {
    this.ready?.rows.dispose();
  }

  /** Each vector is read into the same array: an array for each would be most of the garbage of a large index. */
  private append({ rows, format }: SearchableRows, added: AddedVectors): void {
    const into = new Float32Array(this.dimensions);
    rows.append(added.count, (i) => added.at(i, into), format.write);
  }

  private encoded(scale: Scale, vectors: AddedVectors): SearchableRows {
    const made = this.emptyRows("int8", scale);
    this.append(made, vectors);
    return made;
  }

  private forgetCodes(): void {
    this.ready?.rows.dispose();
    this.ready = null;
  }

  private emptyRows(kind: IndexFormat, scale: Scale | null): SearchableRows {
    const { dimensions } = this;
    const formats = {
      float32: () => float32Rows(dimensions),
      int8: () => int8Rows(dimensions, scale!),
      binary: () => binaryRows(dimensions),
    };
    const format = formats[kind]();
    return { format, rows: new CodeRows(this.engine, format.rowBytes) };
  }
}

const listOf = (vectors: readonly Float32Array[]): AddedVectors => ({
  count: vectors.length,
  at: (i) => vectors[i]!,
});
