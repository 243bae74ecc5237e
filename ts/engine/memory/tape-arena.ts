import { MemoryError } from "../../errors/errors.js";
import type { Pointer } from "../kernels.js";
import { MAX_ELEMENTS } from "../../values/number-list.js";
import { align, ALIGNMENT, type Heap } from "./heap.js";

const FIRST_CHUNK = 256 * 1024;
const LARGEST_GROWTH = 64 * 1024 * 1024;

/** A piece of the heap that the arena hands out from. @internal exported for its tests */
export interface Block {
  readonly start: Pointer;
  readonly size: number;
}

/** One that can become longer. */
interface Chunk extends Block {
  size: number;
}

/** A step: where the arena stood when it began, and what was freed in it. */
interface Level {
  chunk: number;
  offset: number;
  readonly free: FreeLists;
}

/**
 * Memory of one graph's tape: allocation moves an offset, `rewind` moves it back. The last chunk becomes longer where the heap has room behind
 * it, else another comes; all are kept, so that from the second step on nothing is asked of the heap. Blocks freed early (gradients, scratch)
 * are handed out again by size, within the step they were taken in. Between `begin` and `commit` everything is noted, for `rollback`.
 */
export class TapeArena {
  /** @internal */
  readonly chunks: Chunk[] = [];
  /** @internal The chunk that is handed out from, and how much of it was. */
  chunk = -1;
  /** @internal */
  offset = 0;
  /** @internal Open steps, the first being what lies outside them all; beyond `depth` those to use again, empty. */
  readonly levels: Level[] = [newLevel()];
  private depth = 0;
  /** The innermost step's. */
  private free = this.levels[0]!.free;
  private readonly log = new ArenaLog();
  /** Notes the blocks of `hold`; null while nobody asked. */
  private held: HeldBlocks | null = null;
  /** Where the arena stood at `begin`; `chunks` and `lastSize` are noted when chunks change, and -1 until then. */
  private readonly begun = { chunk: -1, offset: 0, chunks: -1, lastSize: 0 };

  constructor(private readonly heap: Heap) {}

  /** A block for `elements` values of 4 bytes, 64-byte aligned, of any content. Throws `MemoryError` and changes nothing then. */
  allocate(elements: number): Pointer {
    const pointer = this.place(unitsOf(elements));
    if (this.held !== null) this.held.add(this.depth, pointer, elements);
    return pointer;
  }

  private place(units: number): Pointer {
    const reusable = this.free.find(units);
    if (reusable !== undefined && reusable.length > 0) return this.log.take(reusable);
    const { chunk, offset } = this;
    const end = offset + units * ALIGNMENT;
    // Asked first: reading an array at -1 costs more than a small kernel, and steps begin there.
    if (chunk < 0 || end > this.chunks[chunk]!.size) return this.nextChunk(units * ALIGNMENT);
    this.offset = end;
    return this.chunks[chunk]!.start + offset;
  }

  /** Hands a block back before the next rewind. */
  release(pointer: Pointer, elements: number): void {
    if (this.held !== null) this.held.remove(pointer);
    this.log.give(this.listsOf(pointer).of(unitsOf(elements)), pointer);
  }

  /** Opens a step. Give the number to `rewind`. */
  mark(): number {
    const level = (this.levels[++this.depth] ??= newLevel());
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

  /**
   * Runs `body` in a step of its own, the memory of which is free again at its end. Attempts may begin and end in it: where it
   * throws, `rollback` undoes the one around it all the same.
   */
  within<T>(body: () => T): T {
    const { chunk, offset, chunks } = this;
    const begun = { chunk, offset, chunks: chunks.length, lastSize: chunks.at(-1)?.size ?? 0 };
    // What it gives back is its own step's, whose lists are cleared: there is nothing to note.
    this.log.close();
    const step = this.mark();
    try {
      return body();
    } catch (error) {
      Object.assign(this.begun, begun);
      throw error;
    } finally {
      this.rewind(step);
    }
  }

  /** Runs `body`, and gives a function that hands back every block that it took of the step that is open now and has not released. */
  hold<T>(body: () => T): { readonly result: T; readonly release: () => void } {
    const held = (this.held = new HeldBlocks(this.depth));
    try {
      const result = body();
      return { result, release: () => held.blocks.forEach((elements, pointer) => this.release(pointer, elements)) };
    } finally {
      this.held = null;
    }
  }

  /** Notes from now on what changes. */
  begin(): void {
    this.held?.begin();
    this.log.open();
    this.begun.chunk = this.chunk;
    this.begun.offset = this.offset;
    this.begun.chunks = -1;
  }

  /** Keeps what changed since `begin`. */
  commit(): void {
    this.log.close();
  }

  /** Puts everything back as it was at `begin`; what chunks came or became longer by returns to the heap. */
  rollback(): void {
    this.held?.rollback();
    this.log.undo();
    const { chunk, offset, chunks, lastSize } = this.begun;
    this.chunk = chunk;
    this.offset = offset;
    if (chunks < 0) return;
    while (this.chunks.length > chunks) this.heap.release(this.chunks.pop()!.start);
    const last = this.chunks.at(-1);
    if (last === undefined || last.size === lastSize) return;
    this.heap.shrink(last.start, lastSize);
    last.size = lastSize;
  }

  /** Makes room for `bytes` in one chunk ahead of use. */
  reserve(bytes: number): void {
    const last = this.chunks.at(-1);
    if (last === undefined || (last.size < bytes && !this.extendLast(bytes - last.size))) this.addChunk(bytes);
  }

  /** Gives every chunk back; nothing may be asked of the arena afterwards. */
  dispose(): void {
    this.chunk = -1;
    for (const chunk of this.chunks.splice(0)) this.heap.release(chunk.start);
  }

  private nextChunk(bytes: number): Pointer {
    const { chunks } = this;
    let next = this.chunk + 1;
    while (next < chunks.length && chunks[next]!.size < bytes) next++;
    if (next === chunks.length) {
      const last = chunks.at(-1);
      // What of the last chunk is in use: that of the current one, or nothing.
      const used = this.chunk === chunks.length - 1 ? this.offset : 0;
      if (last !== undefined && this.extendLast(used + bytes - last.size)) {
        this.chunk = chunks.length - 1;
        this.offset = used + bytes;
        return last.start + used;
      }
      this.addChunk(bytes);
    }
    this.chunk = next;
    this.offset = bytes;
    return chunks[next]!.start;
  }

  /** Makes the last chunk longer by `bytes`, and by a thirty-second where memory has it, so that few requests are made. */
  private extendLast(bytes: number): boolean {
    const last = this.chunks.at(-1)!;
    this.noteChunks();
    const extend = (size: number) => {
      if (!this.heap.extend(last.start, size)) return false;
      last.size += size;
      return true;
    };
    const ample = Math.max(align(bytes), align(Math.min(last.size / 32, LARGEST_GROWTH)));
    return extend(ample) || (ample > align(bytes) && extend(align(bytes)));
  }

  /** Half as large as all that are there; where memory is short, as large as it must be. */
  private addChunk(bytes: number): void {
    const all = this.chunks.reduce((sum, { size }) => sum + size, 0);
    const ample = Math.max(align(bytes), FIRST_CHUNK, align(Math.min(all / 2, LARGEST_GROWTH)));
    this.noteChunks();
    const add = (size: number) => this.chunks.push({ start: this.heap.allocate(size), size });
    try {
      add(ample);
    } catch (error) {
      if (!(error instanceof MemoryError) || ample === align(bytes)) throw error;
      add(align(bytes));
    }
  }

  /** What chunks there are, before they change for the first time since `begin`. */
  private noteChunks(): void {
    const { begun, chunks } = this;
    if (begun.chunks >= 0) return;
    begun.chunks = chunks.length;
    begun.lastSize = chunks.at(-1)?.size ?? 0;
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

function newLevel(): Level {
  return { chunk: -1, offset: 0, free: new FreeLists() };
}

/** What a block of so many elements takes, in units of `ALIGNMENT` bytes. */
function unitsOf(elements: number): number {
  // The negation refuses NaN too: an offset that is no number would make every later block one.
  if (!(elements >= 0 && elements <= MAX_ELEMENTS)) {
    const details = { requested: 4 * elements, maximum: 4 * MAX_ELEMENTS };
    throw new MemoryError(`linear memory: there is no memory for ${elements} values`, details);
  }
  // 16 elements each. In signed integers, which `FreeLists` wants: `>>>` or `Math.max` would not give one.
  return elements > 0 ? (elements + 15) >> 4 : 1;
}

/** Takes blocks from an arena's free lists and returns them; while it is open, it records how to undo that. */
class ArenaLog {
  private isOpen = false;
  // One entry for each change, in two arrays that never shrink: objects, or setting a length, would cost more than the change.
  private changes = 0;
  private readonly lists: Pointer[][] = [];
  /** The block that was taken; 0 for a returned one. */
  private readonly taken: Pointer[] = [];

  /** A block of a list that has one. */
  take(list: Pointer[]): Pointer {
    const pointer = list.pop()!;
    this.note(list, pointer);
    return pointer;
  }

  give(list: Pointer[], pointer: Pointer): void {
    list.push(pointer);
    this.note(list, 0);
  }

  open(): void {
    this.isOpen = true;
  }

  close(): void {
    this.isOpen = false;
    this.changes = 0;
  }

  /** Restores the lists, in their order. */
  undo(): void {
    for (let i = this.changes - 1; i >= 0; i--) {
      if (this.taken[i] === 0) this.lists[i]!.pop();
      else this.lists[i]!.push(this.taken[i]!);
    }
    this.close();
  }

  private note(list: Pointer[], taken: Pointer): void {
    if (!this.isOpen) return;
    const i = this.changes++;
    this.lists[i] = list;
    this.taken[i] = taken;
  }
}

/** Sizes whose lists are kept, empty, for the next step. */
const KEPT = 32;

/** Blocks to hand out again, by size: a list of each, which takes and gives at its end. */
class FreeLists {
  /** Free memory by units of `ALIGNMENT` bytes: with keys of 32 bits V8 does without a call. */
  private readonly byUnits = new Map<number, Pointer[]>();
  private readonly lists: Pointer[][] = [];

  /** Blocks of a size; undefined where none has come yet. */
  find(units: number): Pointer[] | undefined {
    return this.byUnits.get(units);
  }

  /** The list of a size, which a block may be added to. */
  of(units: number): Pointer[] {
    return this.byUnits.get(units) ?? this.add(units);
  }

  /** Forgets all blocks. */
  clear(): void {
    const { lists, byUnits } = this;
    // Emptied, not made anew: each new one would cost as much as a small kernel.
    for (let i = 0; i < lists.length; i++) for (let list = lists[i]!; list.length > 0;) list.pop();
    if (lists.length <= KEPT) return;
    byUnits.clear();
    lists.length = 0;
  }

  /** Size in bytes, and the blocks. */
  *[Symbol.iterator](): Generator<[number, readonly Pointer[]]> {
    for (const [units, list] of this.byUnits) yield [units * ALIGNMENT, list];
  }

  private add(units: number): Pointer[] {
    const list: Pointer[] = [];
    this.byUnits.set(units, list);
    this.lists.push(list);
    return list;
  }
}

/** Blocks that were taken of one step of an arena and have not been released. */
class HeldBlocks {
  /** Elements by address. */
  readonly blocks = new Map<Pointer, number>();
  /** Taken since the running attempt began. */
  private readonly recent: Pointer[] = [];

  constructor(private readonly depth: number) {}

  add(depth: number, pointer: Pointer, elements: number): void {
    // What is taken of a step within ends with that.
    if (depth !== this.depth) return;
    this.blocks.set(pointer, elements);
    this.recent.push(pointer);
  }

  remove(pointer: Pointer): void {
    this.blocks.delete(pointer);
  }

  /** An attempt begins. */
  begin(): void {
    this.recent.length = 0;
  }

  /** What the attempt took, the arena has back. */
  rollback(): void {
    for (const pointer of this.recent.splice(0)) this.blocks.delete(pointer);
  }
}
