import type { Graph, NodeId } from "../graph/graph.js";
import type { RowRange } from "../ops/product/lora-linear.js";
import type { AppliedAdapter } from "./adapter-parts.js";

/** An adapter and the rows of a batch to which it applies. */
export interface AdapterRows {
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
