import type { Pointer } from "../engine/kernels.js";
import type { Engine } from "../engine/running.js";

/** Memory that is handed out in turn, and again when as many others have been. */
class Ring {
  private readonly buffers: Uint8Array[] = [];
  private at = 0;

  constructor(private readonly count: number) {}

  /** So many bytes of the next one. */
  take(length: number): Uint8Array {
    const i = this.at++ % this.count;
    const known = this.buffers[i];
    const found = known !== undefined && known.length >= length ? known : new Uint8Array(length);
    this.buffers[i] = found;
    return found.subarray(0, length);
  }
}

/** The same in an engine's memory. */
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
 * system clears it, and the collector comes by for it. Dispose of it when nothing of it is being read into any more.
 */
export class PieceBuffers {
  /** For bytes that stay as they are: one piece is being written, one read, one on its way between. */
  readonly unchanged = new Ring(3);
  /** For bytes of the base that change: one piece is being read, one worked on. */
  readonly read = new Ring(2);
  /** For changed bytes: one piece is being written, one made. */
  readonly changed = new Ring(2);
  /** For bytes that change where they lie: one piece is being written, one worked on, one read. */
  readonly inPlace: Pick<Ring, "take">;
  private readonly blocks: EngineRing | null;

  /**
   * @param engine whose memory holds what changes in place, so that it is read and written without a copy; of an engine with threads
   *   alone, since other memory leaves its place when it grows, whoever reads into it. None: the host's memory
   */
  constructor(engine?: Engine) {
    const isShared = engine?.heap.memory.buffer instanceof SharedArrayBuffer;
    this.blocks = isShared ? new EngineRing(3, engine) : null;
    this.inPlace = this.blocks ?? new Ring(3);
  }

  /** Gives the engine's memory back. */
  dispose(): void {
    this.blocks?.dispose();
  }
}
