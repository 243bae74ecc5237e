import type { Pointer } from "../kernels.js";

/** A block's numbers on the host; null after a kernel changed them, until they are read again. */
interface Kept {
  data: Float32Array | null;
  /** Number of changes. */
  version: number;
}

/**
 * Copies on the host of variables and small constants, which is what can be read at once: adapters and heads are saved and copied so. Their
 * blocks are changed by writes and by optimizers only.
 */
export class KeptCopies {
  private readonly copies = new Map<Pointer, Kept>();

  /** After a write to a whole block. */
  written(pointer: Pointer, data: Float32Array): void {
    this.copies.set(pointer, { data: data.slice(), version: 0 });
  }

  /** After a kernel's. */
  changed(pointer: Pointer): void {
    const kept = this.copies.get(pointer);
    if (kept === undefined) return;
    kept.data = null;
    kept.version++;
  }

  /** After the block was released. */
  released(pointer: Pointer): void {
    this.copies.delete(pointer);
  }

  /** The copy, if it is that of the block now. */
  current(pointer: Pointer, elements: number): Float32Array | undefined {
    const data = this.copies.get(pointer)?.data;
    return data?.length === elements ? data : undefined;
  }

  /** A function that keeps what was read, if the block has not changed since this call. */
  reading(pointer: Pointer): (data: Float32Array) => void {
    const kept = this.copies.get(pointer);
    if (kept === undefined || kept.data !== null) return () => undefined;
    const { version } = kept;
    return (data) => {
      if (kept.version === version) kept.data = data.slice();
    };
  }
}
