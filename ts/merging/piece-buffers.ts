import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";

/** A ring of buffers. */
class Ring {
  private readonly buffers: Uint8Array[] = [];
  private at = 0;

  constructor(private readonly count: number) {}

  /** This many bytes of the next buffer. */
  take(length: number): Uint8Array {
    const i = this.at++ % this.count;
    const known = this.buffers[i];
    const found = known !== undefined && known.length >= length ? known : new Uint8Array(length);
    this.buffers[i] = found;
    return found.subarray(0, length);
  }
}

/** A ring of buffers in an engine's memory. */
class EngineRing {
  private readonly blocks: { readonly pointer: Pointer; readonly length: number }[] = [];
  private at = 0;

  constructor(
    private readonly count: number,
    private readonly engine: Engine,
  ) {}

  take(length: number): Uint8Array {
    const { heap } = this.engine;
    const i = this.at++ % this.count;
    let block = this.blocks[i];
    if (block === undefined || block.length < length) {
      const larger = { pointer: heap.allocate(length), length };
      if (block !== undefined) heap.release(block.pointer);
      this.blocks[i] = block = larger;
    }
    return new Uint8Array(heap.memory.buffer, block.pointer, length);
  }

  dispose(): void {
    if (this.engine.closed) return;
    for (const { pointer } of this.blocks.splice(0)) this.engine.heap.release(pointer);
  }
}

/**
 * Memory for the pieces of many tensors, one tensor after another. New memory for each piece would cost more than the work on it: the
 * system clears it, and the garbage collector runs. Dispose of it when no read into it is pending.
 */
export class PieceBuffers {
  /** For unchanged bytes: one piece is being written, one is being read, one is in between. */
  readonly unchanged = new Ring(3);
  /** For the base's bytes: one piece is being read, one is being changed. */
  readonly read = new Ring(2);
  /** For changed bytes: one piece is being written, one is being computed. */
  readonly changed = new Ring(2);
  /** For bytes changed in place: one piece is being written, one is being changed, one is being read. */
  readonly inPlace: Pick<Ring, "take">;
  private readonly blocks: EngineRing | null;

  /**
   * @param engine whose memory is used for changes in place, so that files are read and written without a copy; only an engine with
   *   threads, since other memory moves when it grows, even during a read. Omitted: the host's memory
   */
  constructor(engine?: Engine) {
    const isShared = engine?.heap.memory.buffer instanceof SharedArrayBuffer;
    this.blocks = isShared ? new EngineRing(3, engine) : null;
    this.inPlace = this.blocks ?? new Ring(3);
  }

  /** Frees the engine's memory. */
  dispose(): void {
    this.blocks?.dispose();
  }
}
