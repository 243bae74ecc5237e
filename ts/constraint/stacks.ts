/**
 * A set of stacks of returns, such that stacks with a common part share it and equal sets are one object. Each return is a number; below it
 * is again a set of stacks.
 */
export class Stacks {
  /** @param tops returns on top, ascending; @param below the stacks below each */
  constructor(
    readonly id: number,
    readonly tops: readonly number[],
    readonly below: readonly Stacks[],
    /** Whether the empty stack is one of them. */
    readonly hasEmpty: boolean,
  ) {}
}

/** Depth up to which sets are joined, and returns that may be joined for one byte; more need a text with very many readings. */
const DEEPEST_UNION = 2000;
const MOST_JOINED = 50_000;

/** Makes sets of stacks; each only once. */
export class StackStore {
  private readonly known = new Map<string, Stacks>();
  private readonly unions = new Map<string, Stacks>();
  private made = 0;
  private joinedReturns = 0;
  private kept = 0;

  /** @param ambiguous creates the error for a text with too many readings */
  constructor(private readonly ambiguous: () => Error) {}

  /** The set of the empty stack. */
  readonly bottom = this.of([], [], true);

  /** Number of returns in sets in memory, and of sets. */
  get size(): number {
    return this.kept;
  }

  /** Number of returns that were joined since `begin`. */
  get joined(): number {
    return this.joinedReturns;
  }

  /** Forgets all sets; those in use stay valid. */
  clear(): void {
    this.known.clear();
    this.unions.clear();
    this.kept = 0;
    this.known.set("true", this.bottom);
  }

  /** Begins to count what is joined, or goes on from a count. */
  begin(joined = 0): void {
    this.joinedReturns = joined;
  }

  /** A return on top of each of some stacks. */
  push(top: number, below: Stacks): Stacks {
    return this.of([top], [below], false);
  }

  /** The stacks of all sets: by halves, so that many small ones cost little more than their number. */
  unionOf(sets: readonly Stacks[]): Stacks {
    if (sets.length === 1) return sets[0]!;
    const middle = sets.length >> 1;
    return this.union(this.unionOf(sets.slice(0, middle)), this.unionOf(sets.slice(middle)));
  }

  /** The stacks of both sets. Throws the error for too many readings. */
  union(a: Stacks, b: Stacks, depth = 0): Stacks {
    if (a === b) return a;
    const key = a.id < b.id ? `${a.id},${b.id}` : `${b.id},${a.id}`;
    const known = this.unions.get(key);
    if (known !== undefined) return known;
    this.joinedReturns += a.tops.length + b.tops.length;
    if (depth > DEEPEST_UNION || this.joinedReturns > MOST_JOINED) throw this.ambiguous();
    const [tops, below]: [number[], Stacks[]] = [[], []];
    for (let i = 0, j = 0; i < a.tops.length || j < b.tops.length;) {
      const [left, right] = [a.tops[i] ?? Infinity, b.tops[j] ?? Infinity];
      tops.push(Math.min(left, right));
      if (left === right) below.push(this.union(a.below[i++]!, b.below[j++]!, depth + 1));
      else below.push(left < right ? a.below[i++]! : b.below[j++]!);
    }
    const joined = this.of(tops, below, a.hasEmpty || b.hasEmpty);
    this.unions.set(key, joined);
    this.kept++;
    return joined;
  }

  private of(tops: number[], below: Stacks[], hasEmpty: boolean): Stacks {
    let key = `${hasEmpty}`;
    for (let i = 0; i < tops.length; i++) key += `,${tops[i]}:${below[i]!.id}`;
    let stacks = this.known.get(key);
    if (stacks === undefined) {
      this.known.set(key, (stacks = new Stacks(this.made++, tops, below, hasEmpty)));
      this.kept += tops.length + 1;
    }
    return stacks;
  }
}
