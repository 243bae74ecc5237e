import { type AppliedAdapter, tensorsOf } from "../../../adapters/adapter-parts.js";
import { type AdapterSelection, rangesOf } from "../../../adapters/adapter-selection.js";
import type { AdapterSnapshot, ModelAdapter } from "../../../adapters/model-adapter.js";
import type { Graph } from "../../../graph/graph.js";
import { sameValues } from "../../../values/number-list.js";
import type { CachedTokens } from "../decode-step.js";
import type { GenerationRequest } from "../generate.js";
import type { GeneratedToken, Sequence } from "../sequence.js";

/** When a text is given up, and by which error. */
export interface Expiry {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly error: () => Error;
}

/** One text of a batch: its tokens so far, those not read yet, and what ended it. */
export class BatchText {
  /** Tokens with keys and values in memory; null until its first pass. */
  cached: CachedTokens | null = null;
  /** Number of the prompt's tokens that were copied from another text. */
  reused = 0;
  /** Number of the prompt's tokens after which the layers' states are kept; 0 for none. */
  keepAt = 0;
  /** Ends when what a storage has of its beginning is in memory; null if it has, or there is none. */
  reading: Promise<void> | null = null;
  /** Ends the wait for a storage. */
  stopReading: () => void = () => undefined;
  /** Generated tokens that nobody has read yet. */
  readonly unread: GeneratedToken[] = [];
  /** Logits `[vocabulary]` of its next token, while it is being found out which tokens its format allows; null if there are none. */
  logits: Float32Array | null = null;
  /** Whether its work is over, in any way. */
  ended = false;
  /** The error that ended it. */
  failure: { readonly error: unknown } | null = null;

  constructor(
    readonly sequence: Sequence,
    readonly request: GenerationRequest,
    readonly adapter: SharedAdapter,
    /** Version of the base's weights. */
    readonly weights: number,
    readonly expiry: Expiry | undefined,
    /** Frees its part in the model; called once. */
    readonly free: () => void,
  ) {}

  get prompt(): Int32Array {
    return this.request.prompt;
  }

  get rounded(): boolean {
    return this.request.options.rounded;
  }

  /** Number of the prompt's tokens that no pass has read. */
  get promptLeft(): number {
    return Math.max(0, this.prompt.length - (this.cached?.length ?? 0));
  }

  /** Whether two texts' keys and values are equal where their tokens are. */
  alike({ adapter, weights, rounded }: Pick<BatchText, "adapter" | "weights" | "rounded">): boolean {
    return this.adapter === adapter && this.weights === weights && this.rounded === rounded;
  }

  /** Up to `most` tokens for the next pass: of the prompt, or the last generated one. */
  next(most: number): Int32Array {
    const { length } = this.cached!;
    const end = Math.min(length + most, this.keepAt > length ? this.keepAt : Infinity);
    return this.promptLeft > 0 ? this.prompt.subarray(length, end) : this.sequence.next;
  }
}

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
