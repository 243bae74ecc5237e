import type { Graph, NodeId } from "../graph/graph.js";
import type { RowRange } from "../ops/product/lora-linear.js";
import type { AppliedAdapter } from "./model-adapter.js";

/** An adapter and the rows of a batch that it applies to. */
export interface AdapterRows {
  readonly adapter: AppliedAdapter;
  /** Left out for all rows; then it is the only one. */
  readonly rows?: RowRange | undefined;
}

/**
 * Which adapter applies to which rows of a forward pass, from its first row to its last: ranges that go up and do not
 * overlap. The base alone applies to all other rows.
 */
export type AdapterSelection = readonly AdapterRows[];

/** Neighbouring rows that are computed in one way. */
export interface Run extends RowRange {
  /** What applies to them, rows counted from `start`. */
  readonly ranges: AdapterSelection;
  /** Whether their columns are scaled to magnitudes. */
  readonly dora: boolean;
  /** Probability of dropout on the adapters' input. */
  readonly dropout: number;
  /** The adapter that has tensors of the layer of its own, in place of the base's; null for none. */
  readonly alone: AppliedAdapter | null;
}

/**
 * Cuts `total` rows where the way of computing them changes: DoRA scales after the product and has its bias added last, and
 * dropout differs. So rows give the bits that they give in a batch of one adapter, and adapters of one kind share a product.
 *
 * @param adapts whether an adapter has anything for the layer; rows of those that have not are the base's
 * @param replaces whether it also has tensors in place of the base's: its rows are a run by themselves
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

/** Computes rows in turn: those of each adapter that changes the module with it, all others without one. */
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

/** The same of the rows of x. */
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
