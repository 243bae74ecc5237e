import type { Pointer } from "../kernels.js";

/** A block's numbers on the host. */
interface Kept {
  readonly elements: number;
  /** Null after an optimizer changed them, until they are read again. */
  data: Float32Array | null;
}

/**
 * Copies on the host of variables, their moments and small constants, which is what can be read at once: adapters and heads are saved and
 * copied so. Their blocks are changed by writes and by optimizers only.
 */
export class KeptCopies {
  private readonly copies = new Map<Pointer, Kept>();

  /** Whether a block has a copy, of now or before. */
  has(pointer: Pointer): boolean {
    return this.copies.has(pointer);
  }

  /** Notes a write to a whole block. */
  written(pointer: Pointer, data: Float32Array): void {
    this.copies.set(pointer, { elements: data.length, data: data.slice() });
  }

  /** Notes that an optimizer's kernel changed a variable or a moment. */
  changed(pointer: Pointer, elements: number): void {
    if (this.copies.has(pointer)) this.copies.set(pointer, { elements, data: null });
  }

  /** The blocks whose copies are not those of now. */
  stale(): { readonly pointer: Pointer; readonly elements: number }[] {
    return [...this.copies].flatMap(([pointer, { elements, data }]) => (data === null ? [{ pointer, elements }] : []));
  }

  /** Notes that the block was released. */
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
    return (data) => {
      // A later change or another block has another entry.
      if (this.copies.get(pointer) === kept) kept.data = data.slice();
    };
  }
}
