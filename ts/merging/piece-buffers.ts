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

/**
 * Memory on the host for the pieces of many tensors, one tensor after another. New memory for each piece would cost more than the
 * work on it: the system clears it, and the collector comes by for it.
 */
export class PieceBuffers {
  /** For bytes that stay as they are: one piece is being written, one read, one on its way between. */
  readonly unchanged = new Ring(3);
  /** For bytes of the base that change: one piece is being read, one worked on. */
  readonly read = new Ring(2);
  /** For changed bytes: one piece is being written, one made. */
  readonly changed = new Ring(2);
}
