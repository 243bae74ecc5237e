import { MemoryError, StaleNodeError } from "../errors.js";
import type { Pointer } from "../ops/op.js";
import { ArenaLog } from "./arena-log.js";
import { align, ALIGNMENT, type Heap } from "./heap.js";

const FIRST_CHUNK = 256 * 1024;
/** What 4 GiB hold. */
const MOST_ELEMENTS = 2 ** 30;
const LARGEST_DOUBLING = 64 * 1024 * 1024;

/** A piece of the heap that the arena hands out from. */
export interface Block {
  readonly start: Pointer;
  readonly size: number;
}

/** Blocks to hand out again, by size in bytes. */
type FreeLists = Map<number, Pointer[]>;

/** A step: where the arena stood when it began, and what was freed in it. */
interface Level {
  chunk: number;
  offset: number;
  readonly free: FreeLists;
}

const outermost = (): Level => ({ chunk: -1, offset: 0, free: new Map() });

/**
 * Memory of one graph's tape: allocation moves an offset, `rewind` moves it back. Chunks are kept, so that from the
 * second step on nothing is asked of the heap. Blocks freed early (gradients, scratch) are handed out again by size,
 * within the step they were taken in. Between `begin` and `commit` everything is noted, for `rollback`.
 */
export class TapeArena {
  private readonly chunks: Block[] = [];
  private chunk = -1;
  private offset = 0;
  /** Open steps, the first being what lies outside them all; beyond `depth` those to use again. */
  private readonly levels: Level[] = [outermost()];
  private depth = 0;
  /** The innermost step's. */
  private free = this.levels[0]!.free;
  private readonly log = new ArenaLog();
  private disposed = false;

  constructor(private readonly heap: Heap) {}

  /** A block for `elements` values of 4 bytes, 64-byte aligned, of any content. Throws `MemoryError` and changes nothing then. */
  allocate(elements: number): Pointer {
    const bytes = blockSize(elements);
    const reusable = this.free.get(bytes);
    if (reusable !== undefined && reusable.length > 0) return this.log.take(reusable);
    const chunk = this.chunks[this.chunk];
    if (chunk !== undefined && this.offset + bytes <= chunk.size) {
      const pointer = chunk.start + this.offset;
      this.offset += bytes;
      return pointer;
    }
    return this.nextChunk(bytes);
  }

  /** Hands a block back before the next rewind. */
  release(pointer: Pointer, elements: number): void {
    const bytes = blockSize(elements);
    const free = this.listsOf(pointer);
    let list = free.get(bytes);
    if (list === undefined) free.set(bytes, (list = []));
    this.log.give(list, pointer);
  }

  /** Opens a step. Give the number to `rewind`. */
  mark(): number {
    const level = (this.levels[++this.depth] ??= outermost());
    level.chunk = this.chunk;
    level.offset = this.offset;
    this.free = level.free;
    return this.depth;
  }

  /** Ends the step that `mark` opened, and those in it. */
  rewind(mark: number): void {
    const { chunk, offset } = this.levels[mark]!;
    for (; this.depth >= mark; this.depth--) this.levels[this.depth]!.free.clear();
    this.chunk = chunk;
    this.offset = offset;
    this.free = this.levels[this.depth]!.free;
  }

  /** Notes from now on what changes. */
  begin(): void {
    this.log.open(this.chunk, this.offset, this.chunks.length);
  }

  /** Keeps what changed since `begin`. */
  commit(): void {
    this.log.close();
  }

  /** Puts everything back as it was at `begin`; chunks that came since return to the heap. */
  rollback(): void {
    const { chunk, offset, chunks } = this.log.undo();
    this.chunk = chunk;
    this.offset = offset;
    while (this.chunks.length > chunks) this.heap.release(this.chunks.pop()!.start);
  }

  /** Makes room for `bytes` in one chunk ahead of use. */
  reserve(bytes: number): void {
    const last = this.chunks.at(-1);
    if (last === undefined || last.size < bytes) this.addChunk(bytes);
  }

  /** Gives every chunk back; nothing can be allocated any more. */
  dispose(): void {
    this.disposed = true;
    for (const chunk of this.chunks) this.heap.release(chunk.start);
    this.chunks.length = 0;
    this.chunk = -1;
    this.offset = 0;
    this.levels.splice(0, Infinity, outermost());
    this.depth = 0;
    this.free = this.levels[0]!.free;
  }

  /** @internal Everything that may be handed out without asking the heap, for tests: no live tensor lies in it. */
  unused(): Block[] {
    const lists = this.levels.flatMap(({ free }) => [...free]);
    const blocks = lists.flatMap(([size, starts]) => starts.map((start) => ({ start, size })));
    this.chunks.forEach(({ start, size }, i) => {
      const from = i < this.chunk ? size : i === this.chunk ? this.offset : 0;
      if (from < size) blocks.push({ start: start + from, size: size - from });
    });
    return blocks;
  }

  private nextChunk(bytes: number): Pointer {
    if (this.disposed) throw new StaleNodeError("this graph was disposed; make a new one");
    let next = this.chunk + 1;
    while (next < this.chunks.length && this.chunks[next]!.size < bytes) next++;
    if (next === this.chunks.length) this.addChunk(bytes);
    this.chunk = next;
    this.offset = bytes;
    return this.chunks[next]!.start;
  }

  /** Twice as large as the last one; where memory is short, as large as it must be. */
  private addChunk(bytes: number): void {
    const doubled = Math.min(2 * (this.chunks.at(-1)?.size ?? FIRST_CHUNK / 2), LARGEST_DOUBLING);
    if (bytes < doubled) {
      try {
        this.chunks.push({ start: this.heap.allocate(doubled), size: doubled });
        return;
      } catch (error) {
        if (!(error instanceof MemoryError)) throw error;
      }
    }
    const size = align(bytes);
    this.chunks.push({ start: this.heap.allocate(size), size });
  }

  /** The free lists a block goes back to: those of the step it was taken in, for it may outlive the steps within. */
  private listsOf(pointer: Pointer): FreeLists {
    let level = this.depth;
    while (level > 0 && this.isBefore(pointer, this.levels[level]!)) level--;
    return this.levels[level]!.free;
  }

  private isBefore(pointer: Pointer, { chunk, offset }: Level): boolean {
    for (let i = chunk; i >= 0; i--) {
      const { start, size } = this.chunks[i]!;
      if (pointer >= start && pointer < start + size) return i < chunk || pointer < start + offset;
    }
    return false;
  }
}

function blockSize(elements: number): number {
  // The negation refuses NaN too: an offset that is no number would make every later block one.
  if (!(elements >= 0 && elements <= MOST_ELEMENTS)) {
    throw new MemoryError(`linear memory: a tensor of ${elements} elements; it can hold ${MOST_ELEMENTS}`, {
      elements,
    });
  }
  return Math.max(ALIGNMENT, align(4 * elements));
}
