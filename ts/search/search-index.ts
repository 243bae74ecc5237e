import { checkRecord, flag, lengthOf, unexpected, whole } from "../arguments/settings.js";
import { choice, optional, or, readOptions } from "../arguments/options.js";
import { engine as defaultEngine, initialized } from "../engine/engine.js";
import { Engine } from "../engine/running.js";
import { namingTraps } from "../engine/trap.js";
import { ConfigError, FormatError, StaleNodeError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import { IdTable, takeIds, type VectorId } from "./id-table.js";
import { type IndexFormat, type PreparedQuery, takeRanges, type VectorRanges } from "./vector-formats.js";
import {
  fileOfIndex,
  type IndexFileSource,
  type IndexSettings,
  MOST_DIMENSIONS,
  openIndexFile,
  type Similarity,
} from "./index-file.js";
import { type ScoredRow, TopRows } from "./top-rows.js";
import { lengthOfVector, vectorFrom, vectorList, type Vectors } from "./vector-list.js";
import { VectorStore } from "./vector-store.js";

/** Options of `SearchIndex.create`. */
export interface SearchIndexOptions {
  /** Length of the vectors, 1 to 65,536. */
  readonly dimensions: number;
  /**
   * How vectors are stored. "float32" (default): as they are, 4 bytes for each dimension. "int8": a byte for each dimension. "binary": a
   * bit for each dimension.
   */
  readonly format?: IndexFormat;
  /**
   * "cosine" (default): vectors and queries are scaled to length 1. "dot": they are compared as they are, for models that were trained for
   * the dot product.
   */
  readonly similarity?: Similarity;
  /**
   * Ranges of "int8": the smallest and the largest value of each dimension; values outside are clipped. Default: those of all vectors while there
   * are fewer than 1,000, and then those of the vectors up to and with the call of `add` that reached that number.
   */
  readonly ranges?: VectorRanges;
  /** Strings that are stored with the index, such as the model's name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default: the engine of `init`. */
  readonly engine?: Engine;
}

/** Options of `SearchIndex.search`. */
export interface SearchOptions {
  /** Largest number of hits. Default 10. */
  readonly topK?: number;
  /**
   * Compute the scores of the best candidates again in float64, from the query as it is and the stored vectors. Default true. With false,
   * scores of "float32" are in float32, those of "int8" are of a query rounded to 16 bits, and those of "binary" are the number of bits in
   * which query and vector differ, smallest first.
   */
  readonly rescore?: boolean;
  /** Number of candidates, as a multiple of `topK`. Default 4. */
  readonly rescoreMultiplier?: number;
}

/** A vector that was found. */
export interface SearchHit {
  /** Id of the vector, as it was added. */
  readonly id: VectorId;
  /**
   * Cosine or dot product of the query and the stored vector; of "binary", the sum of the query's values where the vector has a 1, as in
   * sentence-transformers.
   */
  readonly score: number;
}

/**
 * Exact search for the vectors that are most similar to a query: every search compares the query with all vectors, in the engine's memory.
 *
 * @example
 * const index = SearchIndex.create({ dimensions: encoder.hiddenSize, format: "int8" });
 * index.add(ids, await encoder.encode(texts));
 * const [query] = await encoder.encode(["How do I get my money back?"]);
 * const hits = index.search(query, { topK: 5 }); // [{ id, score }, …]
 */
export class SearchIndex {
  /** Length of the vectors. */
  readonly dimensions: number;
  /** How vectors are stored. */
  readonly format: IndexFormat;
  /** What scores are. */
  readonly similarity: Similarity;
  /** Strings that are stored with the index. */
  readonly metadata: Readonly<Record<string, string>>;
  private readonly ids = new IdTable();
  private busy = false;
  private disposed = false;

  private constructor(
    private readonly engine: Engine,
    settings: IndexSettings,
    private readonly store: VectorStore,
  ) {
    ({
      dimensions: this.dimensions,
      format: this.format,
      similarity: this.similarity,
      metadata: this.metadata,
    } = settings);
  }

  /**
   * An empty index. Throws `ConfigError` for invalid options, and before `init` unless an engine is given.
   */
  static create(options: SearchIndexOptions): SearchIndex {
    const what = "SearchIndex.create";
    const { engine, ranges, ...settings } = readOptions<
      IndexSettings & { engine: Engine | undefined; ranges: VectorRanges | undefined }
    >(what, options, {
      dimensions: (what, name, value) => whole(what, name, value, 1, MOST_DIMENSIONS),
      format: choice("float32", "int8", "binary"),
      similarity: choice("cosine", "dot"),
      ranges: optional((_, __, value: VectorRanges) => value),
      metadata: or({}, takeMetadata),
      engine: optional(takeEngine),
    });
    if (ranges !== undefined && settings.format !== "int8")
      throw new ConfigError(`${what}: ranges are for the format "int8"`, { op: what, option: "ranges" });
    const scale = ranges === undefined ? null : takeRanges(what, ranges, settings.dimensions);
    return SearchIndex.of(engine ?? defaultEngine(), settings, scale);
  }

  private static of(engine: Engine, settings: IndexSettings, scale: VectorStore["scale"]): SearchIndex {
    engine.assertOpen();
    return new SearchIndex(engine, settings, new VectorStore(engine, settings.dimensions, settings.format, scale));
  }

  /**
   * Reads an index that `save` has written. Calls `init` unless an engine is given.
   *
   * Throws `FormatError` for other bytes, `MemoryError` if the vectors do not fit.
   *
   * @param source bytes, a Blob or File, a `ByteSource`, a file handle of the Origin Private File System, or in Node a path
   */
  static async open(source: IndexFileSource, options: { readonly engine?: Engine } = {}): Promise<SearchIndex> {
    const what = "SearchIndex.open";
    const { engine } = readOptions<{ engine: Engine | undefined }>(what, options, { engine: optional(takeEngine) });
    const running = engine ?? (await initialized({}));
    const file = await openIndexFile(what, source);
    let index: SearchIndex | undefined;
    try {
      index = SearchIndex.of(running, file.settings, file.scale);
      const ids = await file.ids();
      const twice = index.ids.add(what, ids);
      if (twice >= 0) throw new FormatError(`search index: the id ${excerpt(ids[twice])} is there twice`, { op: what });
      await file.eachPiece(({ vectors, rows }) => {
        if (vectors !== undefined) index!.store.add(vectors);
        else index!.store.addStored(rows.count, rows.at);
      });
      return index;
    } catch (error) {
      index?.dispose();
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Number of vectors. */
  get size(): number {
    return this.ids.length;
  }

  /** Whether there is a vector of that id. */
  has(id: VectorId): boolean {
    this.assertUsable("has");
    return this.ids.find(takeIds("has", [id])[0]!) >= 0;
  }

  /**
   * Adds vectors. If it throws, none are added: `ConfigError` for an id that is there already and for values that are not finite,
   * `ShapeError` for vectors of another length, `MemoryError` if there is no room.
   *
   * @param ids strings or integers, one for each vector; 7 and "7" are the same id
   * @param vectors a list of vectors or a tensor `[n, dimensions]`
   */
  add(ids: readonly VectorId[], vectors: Vectors): void {
    const what = "add";
    this.alone(what, () => {
      const names = takeIds(what, ids);
      const list = vectorList(what, vectors, this.dimensions);
      if (names.length !== list.count) {
        const message = `${what}: expected one id for each vector, got ${names.length} for ${list.count} vectors`;
        throw new ConfigError(message, { op: what, option: "ids", actual: names.length, expected: list.count });
      }
      const former = this.size;
      const known = this.ids.add(what, names);
      if (known >= 0) {
        const message = `${what}: the id ${excerpt(names[known])} is there already; remove it first`;
        throw new ConfigError(message, { op: what, option: "ids", value: names[known], place: known });
      }
      try {
        this.store.add({ count: list.count, at: (i, into) => this.scaled(list.at(i, into)) });
      } catch (error) {
        this.ids.truncate(former);
        throw error;
      }
    });
  }

  /** Removes vectors and returns how many; ids that are not there are ignored. */
  remove(ids: readonly VectorId[]): number {
    return this.alone("remove", () => {
      const former = this.size;
      for (const id of takeIds("remove", ids)) {
        const row = this.ids.find(id);
        if (row < 0) continue;
        this.store.removeRow(row);
        this.ids.removeRow(row);
      }
      return former - this.size;
    });
  }

  /**
   * The vectors that are most similar to a query, best first; of equal scores, the smaller id as text first. At most as many as there are.
   *
   * Throws `ShapeError` for a query of another length, `ConfigError` for values that are not finite.
   */
  search(vector: ArrayLike<number>, options: SearchOptions = {}): SearchHit[] {
    const what = "search";
    return this.alone(what, () => {
      const { topK, rescore, rescoreMultiplier } = readOptions<Required<SearchOptions>>(what, options, {
        topK: or(10, whole, 1),
        rescore: or(true, flag),
        rescoreMultiplier: or(4, whole, 1),
      });
      lengthOf(what, "vector", vector, "numbers");
      const query = Float64Array.from(vectorFrom(what, vector, this.dimensions));
      if (this.similarity === "cosine") divide(query, lengthOfVector(query));
      if (this.size === 0) return [];
      const { format } = this.store.searchable();
      const prepared = format.prepare(query);
      const count = Math.min(topK, this.size);
      const best = this.candidates(prepared, rescore ? Math.min(count * rescoreMultiplier, this.size) : count);
      const found = this.ranked(best, prepared, rescore).slice(0, count);
      return found.map(({ row, score }) => ({ id: this.ids.at(row), score }));
    });
  }

  /**
   * The index as one file in safetensors: vectors or codes `[n, …]`, `ids` as JSON, `ranges [2, dimensions]` of "int8". NumPy reads them
   * too. Throws `MemoryError` if there is no memory for it.
   */
  save(): Uint8Array<ArrayBuffer> {
    return this.alone("save", () => fileOfIndex(this, this.ids, this.store));
  }

  /** Frees its memory. Later calls throw `StaleNodeError`. */
  dispose(): void {
    if (this.disposed) return;
    this.assertIdle("dispose");
    this.disposed = true;
    this.store.dispose();
    this.ids.truncate(0);
  }

  /** `dispose`, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  private ranked(best: TopRows, prepared: PreparedQuery, rescore: boolean): ScoredRow[] {
    const { rows } = this.store.searchable();
    if (rescore) return best.sorted(({ row }) => prepared.exact(rows.row(row)));
    return best.sorted(({ score }) => score).map(({ row, score }) => ({ row, score: prepared.scoreOf(score) }));
  }

  /** The best `count` rows by what the kernels compute. */
  private candidates(prepared: PreparedQuery, count: number): TopRows {
    const { rows } = this.store.searchable();
    const { engine, ids } = this;
    const { kernels, heap } = engine;
    const best = new TopRows(count, (a, b) => String(ids.at(a)) < String(ids.at(b)));
    const { operand } = prepared;
    const most = 4 * rows.blockRows;
    const scores = heap.allocate(2 * most + operand.byteLength);
    try {
      const [places, query] = [scores + most, scores + 2 * most];
      const bytes = new Uint8Array(operand.buffer, operand.byteOffset, operand.byteLength);
      engine.write(query, bytes, bytes.length);
      const found = [Float32Array, Uint32Array].map(
        (kind, i) => new kind(heap.memory.buffer, i === 0 ? scores : places, rows.blockRows),
      );
      namingTraps(() =>
        rows.eachBlock((codes, first, length) => {
          prepared.compare(kernels, length, codes, query, scores);
          const high = kernels.at_least(scores, length, best.least, places);
          for (let i = 0; i < high; i++) {
            const place = found[1]![i]!;
            best.offer(first + place, found[0]![place]!);
          }
        }),
      );
      return best;
    } finally {
      heap.release(scores);
    }
  }

  private scaled(vector: Float32Array): Float32Array {
    if (this.similarity === "cosine") divide(vector, lengthOfVector(vector));
    return vector;
  }

  /** Runs a method while no other one can run: a caller's list may call back. */
  private alone<T>(what: string, body: () => T): T {
    this.assertUsable(what);
    this.busy = true;
    try {
      return body();
    } finally {
      this.busy = false;
    }
  }

  private assertUsable(what: string): void {
    if (this.disposed) throw new StaleNodeError(`${what}: this index was disposed`, { op: what, reason: "disposed" });
    this.assertIdle(what);
    this.engine.assertOpen();
  }

  private assertIdle(what: string): void {
    if (!this.busy) return;
    throw new ConfigError(`${what}: another method of this index is running`, { op: what, reason: "running" });
  }
}

/** Scales to length 1; zeros stay. */
function divide(vector: Float32Array | Float64Array, length: number): void {
  if (length > 0) for (let i = 0; i < vector.length; i++) vector[i]! /= length;
}

function takeEngine(what: string, name: string, value: unknown): Engine {
  if (value instanceof Engine) return value;
  throw unexpected(what, name, "an engine", value);
}

function takeMetadata(what: string, name: string, value: unknown): Readonly<Record<string, string>> {
  checkRecord(`${what}: ${name} are strings by name`, value);
  const entries = Object.entries(value);
  for (const [key, text] of entries)
    if (typeof text !== "string") throw unexpected(what, `${name}: ${key}`, "a string", text);
  return Object.freeze(Object.fromEntries(entries as [string, string][]));
}
