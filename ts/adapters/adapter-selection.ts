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
}

/**
 * Cuts `total` rows where the way of computing them changes: DoRA scales after the product and has its bias added last, and
 * dropout differs. So rows give the bits that they give in a batch of one adapter, and adapters of one kind share a product.
 *
 * @param adapts whether an adapter has anything for the layer; rows of those that have not are the base's
 */
export function runsOf(
  selection: AdapterSelection,
  total: number,
  training: boolean,
  adapts: (adapter: AppliedAdapter) => boolean,
): Run[] {
  const runs: { start: number; end: number; ranges: AdapterRows[]; dora: boolean; dropout: number }[] = [];
  const done = () => runs.at(-1)?.end ?? 0;
  const add = (end: number, adapter: AppliedAdapter | null) => {
    const start = done();
    if (start === end && total > 0) return;
    const dora = adapter?.config.useDora ?? false;
    const dropout = training ? (adapter?.config.loraDropout ?? 0) : 0;
    let run = runs.at(-1);
    if (run?.dora !== dora || run.dropout !== dropout) runs.push((run = { start, end, ranges: [], dora, dropout }));
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
