import { ConfigError, LowrankError, MemoryError } from "../errors.js";
import type { Pointer } from "../ops/op.js";

const PAGE = 65_536;
/** Blocks start at cache lines, so that no two threads write one line. */
export const ALIGNMENT = 64;
/** Memory is grown by at least this much: growing is a system call and detaches every view. */
const GROWTH = 4 * 1024 * 1024;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * First-fit allocator over pages that this side added to linear memory. Few and large blocks live here: weights,
 * optimizer state, tape chunks. What a training step allocates comes from its tape instead.
 */
export class Heap {
  /** Free ranges, by address; neighbours are merged. */
  private free: { start: Pointer; size: number }[] = [];
  private readonly sizes = new Map<Pointer, number>();
  used = 0;
  peak = 0;
  /** @internal Most bytes that may be in use. Tests lower it, so that every allocation in turn is the one that fails. */
  budget = Infinity;
  /** Windows on linear memory that user code reads at the moment; growing would detach them. */
  private windows = 0;

  constructor(
    readonly memory: WebAssembly.Memory,
    /** Upper bound of linear memory in bytes. */
    readonly maximum: number,
  ) {}

  /** Bytes of linear memory in all, the binary's own data and stacks included. */
  get reserved(): number {
    return this.memory.buffer.byteLength;
  }

  /** A block of at least `bytes`, 64-byte aligned, of any content. Throws `MemoryError` where the maximum would be passed. */
  allocate(bytes: number): Pointer {
    const size = Math.max(align(bytes), ALIGNMENT);
    // The negation refuses NaN too.
    if (!(this.used + size <= this.budget)) throw this.exhausted(size);
    let index = this.free.findIndex((range) => range.size >= size);
    if (index < 0) {
      this.grow(size);
      index = this.free.findIndex((range) => range.size >= size);
    }
    const range = this.free[index]!;
    const pointer = range.start;
    if (range.size === size) this.free.splice(index, 1);
    else this.free[index] = { start: pointer + size, size: range.size - size };
    this.sizes.set(pointer, size);
    this.used += size;
    this.peak = Math.max(this.peak, this.used);
    return pointer;
  }

  /** Gives a block back. Throws where there is none: whoever releases a block twice may have released another's. */
  release(pointer: Pointer): void {
    const size = this.sizes.get(pointer);
    if (size === undefined) {
      const message = `linear memory: no block in use starts at ${String(pointer)}; was it released twice?`;
      throw new LowrankError("INTERNAL", message, { pointer });
    }
    this.sizes.delete(pointer);
    this.used -= size;
    this.insert(pointer, size);
  }

  /** Runs `read` while memory may not grow: arrays on it stay what they are. */
  withoutGrowth<T>(read: () => T): T {
    this.windows++;
    try {
      return read();
    } finally {
      this.windows--;
    }
  }

  private grow(size: number): void {
    if (this.windows > 0) {
      throw new ConfigError(
        "linear memory must grow, but a `view` is reading from it, whose array would be detached: read first, compute after",
      );
    }
    const last = this.free.at(-1);
    const atEnd = last !== undefined && last.start + last.size === this.reserved ? last.size : 0;
    const least = Math.ceil((size - atEnd) / PAGE);
    const left = Math.floor((this.maximum - this.reserved) / PAGE);
    if (!(least <= left)) throw this.exhausted(size);
    const pages = Math.max(least, Math.min(GROWTH / PAGE, left));
    let start: Pointer;
    try {
      start = this.memory.grow(pages) * PAGE;
    } catch (cause) {
      throw this.exhausted(size, cause);
    }
    this.insert(start, pages * PAGE);
  }

  private exhausted(size: number, cause?: unknown): MemoryError {
    return new MemoryError(
      `linear memory: ${megabytes(size)} more are needed, ${megabytes(this.reserved)} of at most ` +
        `${megabytes(this.maximum)} are reserved; use smaller batches or shorter texts, dispose graphs you are done ` +
        "with, or raise `maximumMemory` in init()",
      { requested: size, reserved: this.reserved, maximum: this.maximum },
      { cause },
    );
  }

  private insert(start: Pointer, size: number): void {
    let low = 0;
    for (let high = this.free.length; low < high;) {
      const middle = (low + high) >> 1;
      if (this.free[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.free[low - 1];
    const after = this.free[low];
    const joinsBefore = before !== undefined && before.start + before.size === start;
    const joinsAfter = after !== undefined && start + size === after.start;
    if (joinsBefore && joinsAfter) {
      before.size += size + after.size;
      this.free.splice(low, 1);
    } else if (joinsBefore) before.size += size;
    else if (joinsAfter) this.free[low] = { start, size: size + after.size };
    else this.free.splice(low, 0, { start, size });
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
