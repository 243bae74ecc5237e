import type { Pointer } from "../kernels.js";

/** Takes blocks from an arena's free lists and returns them; while it is open, it records how to undo that. */
export class ArenaLog {
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
