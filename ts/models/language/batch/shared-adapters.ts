import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { AdapterSelection } from "../../../adapters/adapter-selection.js";
import { tensorsOf } from "../../../adapters/adapter-tensors.js";
import { rangesOf } from "../../../adapters/call-adapters.js";
import type { AdapterSnapshot, ModelAdapter } from "../../../adapters/model-adapter.js";
import type { Graph } from "../../../graph/graph.js";
import { sameValues } from "../../../values/number-list.js";

/** An adapter's values at one time, for any number of texts; of the base alone without values. */
export interface SharedAdapter {
  readonly adapter: ModelAdapter | null;
  readonly snapshot: AdapterSnapshot | null;
  /** Texts and cached beginnings that need the values. */
  users: number;
  /** Texts that are being generated with it; meanwhile the values are in the graph's memory. */
  running: number;
  placed: AppliedAdapter | null;
}

/** The adapters of texts that come and go. Texts with the same adapter and the same values share one copy, and a range of rows. */
export class SharedAdapters {
  private readonly known = new Set<SharedAdapter>();
  /** The last selection: layers recognise it while the same texts go on. */
  private last: {
    readonly of: readonly SharedAdapter[];
    readonly offsets: Int32Array;
    readonly selection: AdapterSelection;
  } | null = null;

  constructor(private readonly graph: Graph) {}

  /** The adapter with its values now. Call `release` once for it. */
  of(adapter: ModelAdapter | null): SharedAdapter {
    const snapshot = adapter?.snapshot() ?? null;
    let found = [...this.known].find(
      (one) => one.adapter === adapter && sameValues(one.snapshot?.held, snapshot?.held),
    );
    if (found === undefined) this.known.add((found = { adapter, snapshot, users: 0, running: 0, placed: null }));
    found.users++;
    return found;
  }

  /** Another user of the same values. */
  share(one: SharedAdapter): void {
    one.users++;
  }

  release(one: SharedAdapter): void {
    if (--one.users === 0) this.known.delete(one);
  }

  /** Copies the values into the graph's memory, unless they are there. Call `unplace` once for it. */
  place(one: SharedAdapter): void {
    if (one.running === 0 && one.snapshot !== null) one.placed = this.graph.allOrNothing(one.snapshot.place);
    one.running++;
  }

  unplace(one: SharedAdapter): void {
    if (--one.running > 0 || one.placed === null) return;
    const ids = tensorsOf({ ...one.placed, kept: new Map(), idle: new Map() }).values();
    [one.placed, this.last] = [null, null];
    if (!this.graph.gone) this.graph.release([...ids]);
  }

  /** The adapters of a pass over texts, neighbours of which share a range. */
  selection(of: readonly SharedAdapter[], offsets: Int32Array): AdapterSelection {
    const { last } = this;
    if (last !== null && same(of, last.of) && same(offsets, last.offsets)) return last.selection;
    const [first] = of;
    const selection =
      first !== undefined && first.placed !== null && of.every((one) => one === first)
        ? [{ adapter: first.placed }]
        : rangesOf(of, offsets, ({ placed }) => placed);
    this.last = { of, offsets, selection };
    return selection;
  }

  /** Sorts texts so that those with the same adapter are neighbours, DoRA's last: they are computed in another way. */
  sorted<T extends { readonly adapter: SharedAdapter }>(texts: readonly T[]): T[] {
    const place = new Map([...this.known].map((one, i) => [one, i + (isDora(one) ? this.known.size : 0)]));
    return [...texts].sort((a, b) => place.get(a.adapter)! - place.get(b.adapter)!);
  }
}

const isDora = ({ adapter }: SharedAdapter) => adapter?.config.useDora === true;

const same = <T>(a: ArrayLike<T>, b: ArrayLike<T>) => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
};
