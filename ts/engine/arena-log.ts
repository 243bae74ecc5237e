import type { Pointer } from "../ops/op.js";

/** What an arena looked like when its log was opened. */
interface Before {
  readonly chunk: number;
  readonly offset: number;
  readonly chunks: number;
}

/** Takes from and gives to an arena's free lists, and while it is open remembers how to undo that. */
export class ArenaLog {
  private isOpen = false;
  private chunk = 0;
  private offset = 0;
  private chunks = 0;
  // One entry a change, in two arrays that never shrink: objects, or setting a length, would cost more than the change.
  private changes = 0;
  private readonly lists: Pointer[][] = [];
  /** The block that was taken, or 0 where one was given. */
  private readonly taken: Pointer[] = [];

  /** A block of a list that has one. */
  take(list: Pointer[]): Pointer {
    const pointer = list.pop()!;
    if (this.isOpen) this.note(list, pointer);
    return pointer;
  }

  give(list: Pointer[], pointer: Pointer): void {
    list.push(pointer);
    if (this.isOpen) this.note(list, 0);
  }

  open(chunk: number, offset: number, chunks: number): void {
    this.isOpen = true;
    this.chunk = chunk;
    this.offset = offset;
    this.chunks = chunks;
  }

  close(): void {
    this.isOpen = false;
    this.changes = 0;
  }

  /** Puts the lists back as they were, in their order, and says where the arena stood. */
  undo(): Before {
    for (let i = this.changes - 1; i >= 0; i--) {
      if (this.taken[i] === 0) this.lists[i]!.pop();
      else this.lists[i]!.push(this.taken[i]!);
    }
    this.close();
    return { chunk: this.chunk, offset: this.offset, chunks: this.chunks };
  }

  private note(list: Pointer[], taken: Pointer): void {
    const i = this.changes++;
    this.lists[i] = list;
    this.taken[i] = taken;
  }
}
