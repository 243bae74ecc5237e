import type { Pointer } from "../ops/op.js";

/** Takes from and gives to an arena's free lists, and while it is open remembers how to undo that. */
export class ArenaLog {
  private isOpen = false;
  // One entry a change, in two arrays: objects would cost more than the change.
  private readonly lists: Pointer[][] = [];
  /** The block that was taken, or 0 where one was given. */
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
    this.lists.length = this.taken.length = 0;
  }

  /** Puts the lists back as they were, in their order. */
  undo(): void {
    for (let list = this.lists.pop(); list !== undefined; list = this.lists.pop()) {
      const taken = this.taken.pop()!;
      if (taken === 0) list.pop();
      else list.push(taken);
    }
    this.close();
  }

  private note(list: Pointer[], taken: Pointer): void {
    if (!this.isOpen) return;
    this.lists.push(list);
    this.taken.push(taken);
  }
}
