import type { Pointer } from "../kernels.js";

/** Blocks that were taken of one step of an arena and have not been released. */
export class HeldBlocks {
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
