import type { AdapterRows, AdapterSelection } from "./adapter-selection.js";
import type { Graph } from "../graph/graph.js";
import { tensorsOf } from "./adapter-tensors.js";
import type { AdapterSnapshot, AppliedAdapter, ModelAdapter } from "./model-adapter.js";

/** The adapters of a call's texts, as they were when it began. */
export class CallAdapters {
  private readonly snapshots: readonly AdapterSnapshot[];
  /** In the graph's memory for all of the call, where that was asked for. */
  private placed: readonly AppliedAdapter[] | null = null;
  /** The last selection of adapters that are in memory. */
  private last: {
    readonly texts: readonly number[];
    readonly offsets: Int32Array;
    readonly selection: AdapterSelection;
  } | null = null;
  /** Each text's number among the snapshots, -1 for the base alone; null where all texts have the same. */
  private readonly ofText: Int32Array | null;

  /** @param chosen of each text, or a single one for all */
  constructor(chosen: readonly (ModelAdapter | null)[]) {
    // DoRA's last, so that in a batch those that are computed in one way stand together.
    const distinct = [...new Set(chosen)].filter((adapter) => adapter !== null);
    distinct.sort((a, b) => Number(a.config.useDora) - Number(b.config.useDora));
    this.snapshots = distinct.map((adapter) => adapter.snapshot());
    const same = chosen.every((adapter) => adapter === chosen[0]);
    const numbers = new Map<ModelAdapter | null, number>([[null, -1], ...distinct.map((a, i) => [a, i] as const)]);
    this.ofText = same ? null : Int32Array.from(chosen, (adapter) => numbers.get(adapter)!);
  }

  /**
   * An order of the texts `first` to `first + count` in which those of one adapter are neighbours: their places among these,
   * or null where the order that they have will do.
   */
  order(first: number, count: number): number[] | null {
    const { ofText } = this;
    if (ofText === null) return null;
    const numbers = ofText.subarray(first, first + count);
    if (numbers.every((number, i) => i === 0 || number >= numbers[i - 1]!)) return null;
    return Array.from(numbers.keys()).sort((a, b) => numbers[a]! - numbers[b]! || a - b);
  }

  /** Puts them into the graph's memory until `release`, so that each of many steps does without copying them. */
  keep(graph: Graph): void {
    this.placed ??= graph.allOrNothing(() => this.snapshots.map(({ place }) => place()));
  }

  /** Gives that memory back. */
  release(graph: Graph): void {
    const ids = this.placed?.flatMap((adapter) => [
      ...tensorsOf({ ...adapter, kept: new Map(), idle: new Map() }).values(),
    ]);
    [this.placed, this.last] = [null, null];
    if (ids !== undefined && ids.length > 0) graph.release(ids);
  }

  /** Whether two texts have the same adapter. */
  alike(text: number, other: number): boolean {
    return this.ofText === null || this.ofText[text] === this.ofText[other];
  }

  /** All that applies to its texts, to be compared with another call's. */
  held(): readonly unknown[] {
    return [this.ofText, this.snapshots.map((snapshot) => snapshot.held)];
  }

  /**
   * What applies to a batch of texts, as constants in a step of the graph.
   *
   * @param texts numbers of the texts, in the batch's order
   * @param offsets where each one's tokens start, and the last one's end
   */
  selection(texts: readonly number[], offsets: Int32Array): AdapterSelection {
    const { placed, last } = this;
    if (placed !== null && last !== null && sameNumbers(texts, last.texts) && sameNumbers(offsets, last.offsets))
      return last.selection;
    const selection = this.made(texts, offsets);
    // Passes that each give a few texts their next token are alike; layers know a selection again.
    if (placed !== null) this.last = { texts: [...texts], offsets: offsets.slice(), selection };
    return selection;
  }

  private made(texts: readonly number[], offsets: Int32Array): AdapterSelection {
    const { ofText, snapshots, placed } = this;
    const place = (number: number) => placed?.[number] ?? snapshots[number]!.place();
    if (ofText === null) return snapshots.map((_, number) => ({ adapter: place(number) }));
    return rangesOf(
      texts.map((text) => ofText[text]!),
      offsets,
      (number) => (number < 0 ? null : place(number)),
    );
  }
}

const sameNumbers = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};

/** Ranges of rows of texts that have an adapter each: neighbours with the same one share a range. */
export function rangesOf<T>(
  ofText: readonly T[],
  offsets: Int32Array,
  place: (adapter: T) => AppliedAdapter | null,
): AdapterSelection {
  const ranges: AdapterRows[] = [];
  for (let i = 0, next = 0; i < ofText.length; i = next) {
    while (next < ofText.length && ofText[next] === ofText[i]) next++;
    const adapter = place(ofText[i]!);
    if (adapter !== null) ranges.push({ adapter, rows: { start: offsets[i]!, end: offsets[next]! } });
  }
  return ranges;
}
