/** Work in pieces of about a millisecond: it yields between two. */
export type Pieces<T> = Generator<undefined, T, undefined>;

/** Work that several callers may advance, each by some pieces. */
export class PieceWork<T> {
  private outcome: { readonly result: T } | { readonly error: unknown } | null = null;

  constructor(private readonly pieces: Pieces<T>) {}

  /** Does up to `most` pieces; returns whether the work is done. Throws the work's error, also when called again. */
  advance(most: number): boolean {
    for (let done = 0; this.outcome === null && done < most; done++) this.piece();
    if (this.outcome !== null && "error" in this.outcome) throw this.outcome.error;
    return this.outcome !== null;
  }

  /** The result, after all that is left to do. */
  get result(): T {
    this.advance(Infinity);
    return (this.outcome as { readonly result: T }).result;
  }

  private piece(): void {
    try {
      const { done, value } = this.pieces.next();
      if (done === true) this.outcome = { result: value };
    } catch (error) {
      this.outcome = { error };
    }
  }
}

/** Measures work: whether a piece is complete. */
export class Meter {
  private spent = 0;

  /** @param size units of a piece */
  constructor(private readonly size: number) {}

  /** Adds units; true once for each piece. */
  add(units: number): boolean {
    if ((this.spent += units) < this.size) return false;
    this.spent = 0;
    return true;
  }
}
