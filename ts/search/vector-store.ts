import type { Engine } from "../engine/running.js";
import { CodeRows } from "./code-rows.js";
import { rangesOf, type Scale } from "./ranges.js";
import { binaryRows, float32Rows, type IndexFormat, int8Rows, type RowFormat } from "./row-format.js";

/** With fewer vectors than this, ranges follow all of them. */
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
