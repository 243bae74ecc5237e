import type { Graph, NodeId } from "../graph/graph.js";
import type { RowRange } from "../ops/product/lora-linear.js";
import { type AppliedAdapter, tensorsOf } from "./adapter-parts.js";
import type { AdapterSnapshot, ModelAdapter } from "./model-adapter.js";

/** An adapter and the rows of a batch to which it applies. */
interface AdapterRows {
  readonly adapter: AppliedAdapter;
  /** Undefined for all rows; it is then the only range. */
  readonly rows?: RowRange | undefined;
}

/**
 * Which adapter applies to which rows of a forward pass: ascending ranges that do not overlap. Other rows use the base alone.
 */
export type AdapterSelection = readonly AdapterRows[];

/** Neighbouring rows that are computed in the same way. */
export interface Run extends RowRange {
  /** The adapters that apply; rows count from `start`. */
  readonly ranges: AdapterSelection;
  /** Whether columns are scaled to magnitudes (DoRA). */
  readonly dora: boolean;
  /** Dropout probability on the adapters' input. */
  readonly dropout: number;
  /** The adapter that replaces tensors of the layer; null for none. */
  readonly alone: AppliedAdapter | null;
}

/**
 * Splits `total` rows where the way of computing them changes: DoRA scales after the product and adds its bias last, and dropout differs.
 * Rows are therefore bit-identical to those of a batch with one adapter, and adapters of the same kind share a product.
 *
 * @param adapts whether an adapter affects the layer; rows of other adapters are computed as the base's
 * @param replaces whether it also replaces tensors of the layer: its rows are then a separate run
 */
export function runsOf(
  selection: AdapterSelection,
  total: number,
  training: boolean,
  adapts: (adapter: AppliedAdapter) => boolean,
  replaces: (adapter: AppliedAdapter) => boolean = () => false,
): Run[] {
  const runs: (Omit<Run, "ranges" | "end"> & { end: number; ranges: AdapterRows[] })[] = [];
  const done = () => runs.at(-1)?.end ?? 0;
  const add = (end: number, adapter: AppliedAdapter | null) => {
    const start = done();
    if (start === end && total > 0) return;
    const dora = adapter?.config.useDora ?? false;
    const dropout = training ? (adapter?.config.loraDropout ?? 0) : 0;
    let run = runs.at(-1);
    const alone = adapter !== null && replaces(adapter) ? adapter : null;
    if (run?.dora !== dora || run.dropout !== dropout || run.alone !== alone)
      runs.push((run = { start, end, ranges: [], dora, dropout, alone }));
    run.end = end;
    if (adapter !== null) run.ranges.push({ adapter, rows: { start: start - run.start, end: end - run.start } });
  };
  for (const { adapter, rows = { start: 0, end: total } } of selection) {
    if (rows.start > done()) add(rows.start, null);
    add(rows.end, adapts(adapter) ? adapter : null);
  }
  if (total > done()) add(total, null);
  return runs;
}

/** Computes rows in order: with each adapter that changes the module, or without one. */
export function rangesInTurn(
  graph: Graph,
  total: number,
  selection: AdapterSelection,
  adapts: (adapter: AppliedAdapter) => boolean,
  compute: (adapter: AppliedAdapter | null, range: RowRange | null) => NodeId,
): NodeId {
  if (!selection.some(({ adapter }) => adapts(adapter))) return compute(null, null);
  const runs = runsOf(selection, total, false, adapts, adapts);
  if (runs.length < 2) return compute(runs[0]?.alone ?? null, null);
  return graph.concat(
    runs.map((run) => compute(run.alone, run)),
    0,
  );
}

/** Applies `compute` to the rows of x of each adapter in turn. */
export function inTurn(
  graph: Graph,
  x: NodeId,
  selection: AdapterSelection,
  adapts: (adapter: AppliedAdapter) => boolean,
  compute: (rows: NodeId, adapter: AppliedAdapter | null) => NodeId,
): NodeId {
  const total = graph.shape(x)[0]!;
  return rangesInTurn(graph, total, selection, adapts, (adapter, range) => {
    if (range === null) return compute(x, adapter);
    return compute(graph.slice(x, { dim: 0, start: range.start, end: range.end }), adapter);
  });
}

/** The adapters of a call's texts, with their state at its start. */
export class CallAdapters {
  private readonly snapshots: readonly AdapterSnapshot[];
  /** Copies in the graph's memory for the whole call, if requested. */
  private placed: readonly AppliedAdapter[] | null = null;
  /** The last selection of adapters in memory. */
  private last: {
    readonly texts: readonly number[];
    readonly offsets: Int32Array;
    readonly selection: AdapterSelection;
  } | null = null;
  /** Index of each text's snapshot, -1 for the base alone; null if all texts have the same. */
  private readonly ofText: Int32Array | null;

  /** Resolves when the adapters have their values, which must be awaited before `selection`; null if they have. */
  readonly late: Promise<unknown> | null;

  /**
   * @param chosen for each text, or one for all
   * @param canWait whether the caller awaits `late`
   */
  constructor(chosen: readonly (ModelAdapter | null)[], canWait = false) {
    // DoRA last, so that texts of a batch that are computed in the same way are neighbours.
    const distinct = [...new Set(chosen)].filter((adapter) => adapter !== null);
    distinct.sort((a, b) => Number(a.config.useDora) - Number(b.config.useDora));
    this.snapshots = distinct.map((adapter) => adapter.snapshot(canWait));
    const late = this.snapshots.map((snapshot) => snapshot.late).filter((reads) => reads !== null);
    this.late = late.length === 0 ? null : Promise.all(late);
    const same = chosen.every((adapter) => adapter === chosen[0]);
    const numbers = new Map<ModelAdapter | null, number>([[null, -1], ...distinct.map((a, i) => [a, i] as const)]);
    this.ofText = same ? null : Int32Array.from(chosen, (adapter) => numbers.get(adapter)!);
  }

  /**
   * An order of the texts `first` to `first + count` in which those with the same adapter are neighbours, as indices into this range; null
   * if they are in such an order already.
   */
  order(first: number, count: number): number[] | null {
    const { ofText } = this;
    if (ofText === null) return null;
    const numbers = ofText.subarray(first, first + count);
    if (numbers.every((number, i) => i === 0 || number >= numbers[i - 1]!)) return null;
    return Array.from(numbers.keys()).sort((a, b) => numbers[a]! - numbers[b]! || a - b);
  }

  /** Copies them into the graph's memory until `release`, so that each of many steps needs no copies. */
  keep(graph: Graph): void {
    this.placed ??= graph.allOrNothing(() => this.snapshots.map(({ place }) => place()));
  }

  /** Frees that memory. */
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

  /** All adapters of its texts, to compare with another call's. */
  held(): readonly unknown[] {
    return [this.ofText, this.snapshots.map((snapshot) => snapshot.held)];
  }

  /**
   * The adapters of a batch of texts, as constants in a step of the graph.
   *
   * @param texts indices of the texts, in the batch's order
   * @param offsets the start of each text's tokens, and the end of the last
   */
  selection(texts: readonly number[], offsets: Int32Array): AdapterSelection {
    const { placed, last } = this;
    if (placed !== null && last !== null && sameNumbers(texts, last.texts) && sameNumbers(offsets, last.offsets))
      return last.selection;
    const selection = this.made(texts, offsets);
    // Passes that generate one token for a few texts are alike; layers recognise the same selection.
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

/** Ranges of rows of texts with an adapter; neighbours with the same one share a range. */
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
