import type { LinearMemory } from "../platform-types.js";
import { ConfigError, LowrankError, MemoryError } from "../../errors/errors.js";
import type { Pointer } from "../kernels.js";

const PAGE = 65_536;
/** Blocks start at cache lines, so that no two threads write one line. */
export const ALIGNMENT = 64;
/** Memory is grown by at least this much: growing is a system call and detaches every view. */
const GROWTH = 1024 * 1024;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/**
 * First-fit allocator over pages that this side added to linear memory. Few and large blocks live here: weights,
 * optimizer state, tape chunks. What a training step allocates comes from its tape instead.
 */
export class Heap {
  /** Free ranges, by address; neighbours are merged. */
  readonly #free: { start: Pointer; size: number }[] = [];
  readonly #sizes = new Map<Pointer, number>();
  used = 0;
  peak = 0;
  /** @internal Most bytes that may be in use. Tests lower it, so that every allocation in turn is the one that fails. */
  budget = Infinity;
  /** Windows on linear memory that user code reads at the moment; growing would detach them. */
  #windows = 0;

  constructor(
    /** Nobody else keeps it, so that it is gone when the heap leaves it. */
    public memory: LinearMemory,
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
    // The negations refuse NaN too.
    if (!(bytes >= 0 && this.used + size <= this.budget)) throw this.#exhausted(size);
    const fits = () => this.#free.find((range) => range.size >= size);
    const range = fits() ?? (this.#grow(size), fits()!);
    const pointer = range.start;
    range.start += size;
    range.size -= size;
    if (range.size === 0) this.#free.splice(this.#free.indexOf(range), 1);
    this.#sizes.set(pointer, size);
    this.used += size;
    this.peak = Math.max(this.peak, this.used);
    return pointer;
  }

  /** Gives a block back. Throws where there is none: whoever releases a block twice may have released another's. */
  release(pointer: Pointer): void {
    const size = this.#sizes.get(pointer);
    if (size === undefined) throw releasedTwice(pointer);
    this.#sizes.delete(pointer);
    this.used -= size;
    this.#insert(pointer, size);
  }

  /**
   * Makes a block longer by `bytes`, a multiple of 64, where it stands. Gives false and changes nothing where another block
   * follows it, or memory is short.
   */
  extend(pointer: Pointer, bytes: number): boolean {
    const size = this.#sizes.get(pointer);
    if (size === undefined) throw releasedTwice(pointer);
    if (bytes === 0) return true;
    const end = pointer + size;
    const behind = () => this.#free.find(({ start }) => start === end);
    const free = behind()?.size ?? 0;
    if (!(this.used + bytes <= this.budget) || (free < bytes && end + free !== this.reserved)) return false;
    if (free < bytes && !this.#grows(bytes)) return false;
    const range = behind()!;
    range.start += bytes;
    range.size -= bytes;
    if (range.size === 0) this.#free.splice(this.#free.indexOf(range), 1);
    this.#sizes.set(pointer, size + bytes);
    this.used += bytes;
    this.peak = Math.max(this.peak, this.used);
    return true;
  }

  /** Makes a block `bytes` long, a multiple of 64; what was behind is free. */
  shrink(pointer: Pointer, bytes: number): void {
    const size = this.#sizes.get(pointer);
    if (size === undefined) throw releasedTwice(pointer);
    if (size === bytes) return;
    this.#sizes.set(pointer, bytes);
    this.used -= size - bytes;
    this.#insert(pointer + bytes, size - bytes);
  }

  /** Forgets the memory, for good. */
  leave(): void {
    this.memory = { buffer: new ArrayBuffer(0), grow: () => 0 };
  }

  /** Runs `read` while memory may not grow: arrays on it stay what they are. */
  withoutGrowth<T>(read: () => T): T {
    this.#windows++;
    try {
      return read();
    } finally {
      this.#windows--;
    }
  }

  #grow(size: number): void {
    if (this.#windows > 0) {
      const message = "memory must grow, but a `view`'s array would be detached: read first, compute after";
      throw new ConfigError(message, { reason: "view", requested: size });
    }
    const last = this.#free.at(-1);
    const atEnd = last !== undefined && last.start + last.size === this.reserved ? last.size : 0;
    const least = Math.ceil((size - atEnd) / PAGE);
    const left = Math.floor((this.maximum - this.reserved) / PAGE);
    if (!(least <= left)) throw this.#exhausted(size);
    const pages = Math.max(least, Math.min(GROWTH / PAGE, left));
    try {
      this.#insert(this.memory.grow(pages) * PAGE, pages * PAGE);
    } catch (cause) {
      throw this.#exhausted(size, cause);
    }
  }

  /** `#grow`, and false where memory is short. */
  #grows(size: number): boolean {
    try {
      this.#grow(size);
      return true;
    } catch (error) {
      if (error instanceof MemoryError) return false;
      throw error;
    }
  }

  #exhausted(requested: number, cause?: unknown): MemoryError {
    const { used, reserved, maximum } = this;
    return new MemoryError(
      `linear memory: ${megabytes(requested)} more are needed, ${megabytes(reserved)} of at most ${megabytes(maximum)} ` +
        "are reserved; use smaller batches or shorter texts, dispose graphs or raise `maximumMemory` in createEngine()",
      { requested, used, reserved, maximum },
      { cause },
    );
  }

  #insert(start: Pointer, size: number): void {
    const free = this.#free;
    const after = free.findIndex((range) => range.start > start);
    const at = after < 0 ? free.length : after;
    free.splice(at, 0, { start, size });
    // First with what follows it, then with what it follows.
    for (const i of [at, at - 1]) {
      const [range, next] = [free[i], free[i + 1]];
      if (range === undefined || next === undefined || range.start + range.size !== next.start) continue;
      range.size += next.size;
      free.splice(i + 1, 1);
    }
  }
}

/** The error of a block that is released and is not in use. */
export function releasedTwice(pointer: Pointer): LowrankError {
  return new LowrankError("INTERNAL", `no block in use starts at ${pointer}; was it released twice?`, { pointer });
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
