import type { Pointer } from "../ops/op.js";
import { ALIGNMENT, type Heap } from "./heap.js";

const FIRST_CHUNK = 256 * 1024;

interface Chunk {
  readonly start: Pointer;
  readonly size: number;
}

/** A position to come back to. */
export interface ArenaMark {
  readonly chunk: number;
  readonly offset: number;
  readonly free: Map<number, Pointer[]>;
}

/**
 * Memory of one graph's tape: allocation moves an offset, `rewind` moves it back. Chunks are kept, so that from the
 * second step on nothing is asked of the heap. Blocks freed early (gradients, scratch) are handed out again by size.
 */
export class TapeArena {
  private readonly chunks: Chunk[] = [];
  private chunk = -1;
  private offset = 0;
  private free = new Map<number, Pointer[]>();

  constructor(private readonly heap: Heap) {}

  /** A block for `elements` values of 4 bytes, 64-byte aligned, of any content. */
  allocate(elements: number): Pointer {
    const bytes = blockSize(elements);
    const reusable = this.free.get(bytes);
    if (reusable !== undefined && reusable.length > 0) return reusable.pop()!;
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
    const list = this.free.get(bytes);
    if (list === undefined) this.free.set(bytes, [pointer]);
    else list.push(pointer);
  }

  mark(): ArenaMark {
    const mark = { chunk: this.chunk, offset: this.offset, free: this.free };
    this.free = new Map();
    return mark;
  }

  rewind(mark: ArenaMark): void {
    this.chunk = mark.chunk;
    this.offset = mark.offset;
    this.free = mark.free;
  }

  /** Makes room for `bytes` in one chunk ahead of use. */
  reserve(bytes: number): void {
    const last = this.chunks.at(-1);
    if (last === undefined || last.size < bytes) this.addChunk(bytes);
  }

  dispose(): void {
    for (const chunk of this.chunks) this.heap.release(chunk.start);
    this.chunks.length = 0;
    this.chunk = -1;
    this.offset = 0;
    this.free = new Map();
  }

  private nextChunk(bytes: number): Pointer {
    do this.chunk++;
    while (this.chunk < this.chunks.length && this.chunks[this.chunk]!.size < bytes);
    if (this.chunk === this.chunks.length) this.addChunk(bytes);
    this.offset = bytes;
    return this.chunks[this.chunk]!.start;
  }

  private addChunk(bytes: number): void {
    const doubled = Math.min(2 * (this.chunks.at(-1)?.size ?? FIRST_CHUNK / 2), 64 * 1024 * 1024);
    const size = Math.max(bytes, doubled);
    this.chunks.push({ start: this.heap.allocate(size), size });
  }
}

function blockSize(elements: number): number {
  return Math.max(ALIGNMENT, Math.ceil((elements * 4) / ALIGNMENT) * ALIGNMENT);
}
