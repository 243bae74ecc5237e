/** A row and its score. */
export interface ScoredRow {
  readonly row: number;
  readonly score: number;
}

/** The best rows of many: a heap with the worst of them at its top. */
export class TopRows {
  private readonly heap: ScoredRow[] = [];

  /**
   * @param size how many are kept, 1 or more
   * @param precedes whether a row comes before another of equal score
   */
  constructor(
    private readonly size: number,
    private readonly precedes: (a: number, b: number) => boolean,
  ) {}

  /** The smallest score that can still be among the best. */
  get least(): number {
    return this.heap.length < this.size ? -Infinity : this.heap[0]!.score;
  }

  offer(row: number, score: number): void {
    const { heap } = this;
    const offered = { row, score };
    if (heap.length < this.size) {
      let i = heap.push(offered) - 1;
      for (let parent; i > 0 && this.isBetter(heap[(parent = (i - 1) >> 1)]!, offered); i = parent)
        heap[i] = heap[parent]!;
      heap[i] = offered;
    } else if (this.isBetter(offered, heap[0]!)) {
      let i = 0;
      for (let child; (child = this.worseChild(i)) >= 0 && this.isBetter(offered, heap[child]!); i = child)
        heap[i] = heap[child]!;
      heap[i] = offered;
    }
  }

  /** The rows with `score` as their new score, best first. */
  sorted(score: (scored: ScoredRow) => number): ScoredRow[] {
    return this.heap
      .map((scored) => ({ row: scored.row, score: score(scored) }))
      .sort((a, b) => (this.isBetter(a, b) ? -1 : 1));
  }

  private worseChild(i: number): number {
    const { heap } = this;
    const left = 2 * i + 1;
    if (left >= heap.length) return -1;
    const right = left + 1;
    return right < heap.length && this.isBetter(heap[left]!, heap[right]!) ? right : left;
  }

  private isBetter(a: ScoredRow, b: ScoredRow): boolean {
    return a.score > b.score || (a.score === b.score && this.precedes(a.row, b.row));
  }
}
