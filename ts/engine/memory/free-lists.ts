import { ALIGNMENT } from "./heap.js";
import type { Pointer } from "../kernels.js";

/** Sizes whose lists are kept, empty, for the next step. */
const KEPT = 32;

/** Blocks to hand out again, by size: a list of each, which takes and gives at its end. */
export class FreeLists {
  /** By units of `ALIGNMENT` bytes: with keys of 32 bits V8 does without a call. */
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
