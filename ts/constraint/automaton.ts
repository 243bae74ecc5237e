import { ConfigError } from "../errors/errors.js";
import { Meter, type Pieces, PieceWork } from "./pieces.js";
import { onlyEnds, type Program } from "./program.js";
import type { Stacks } from "./stacks.js";
import { StackStore } from "./stacks.js";

/** Most returns in sets in memory, and a position counts as some: beyond, all are forgotten and made again when they are needed. */
const MOST_KEPT = 400_000;
const POSITION = 10;
/** Depth of returns up to which counts are made equal. */
const DEEPEST_CLAMPED = 64;
/** Most steps from one byte to the next; more need a grammar with very many readings of one text. */
const MOST_STEPS = 200_000;
/** Most steps to find the tokens that may follow a text: ordinary formats take about a thousand. */
const MOST_STEPS_OF_TOKENS = 500_000;
/** Joined returns that take as long as a step. */
const JOINED_A_STEP = 10;
/** Moves that are compared with a byte in the time of a step. */
const MOVES_A_STEP = 50;
/** Steps that are a piece of work. */
const PIECE = 1000;

/** Work for one token, or for all tokens that may follow a text. */
export class Steps {
  /** Steps so far. */
  count = 0;
  readonly meter = new Meter(PIECE);
}

/** Where a text is in a program: the states that a byte may follow, with their returns. Equal ones are one object. */
export class Position {
  /** What follows by class of bytes; null for nothing, undefined for what is not known yet. */
  next: (Position | null | undefined)[] = [];

  constructor(
    readonly places: readonly number[],
    readonly stacks: readonly Stacks[],
    /** Whether the text may end here. */
    readonly complete: boolean,
  ) {}

  /** Whether the text has to end here. */
  get closed(): boolean {
    return this.places.length === 0;
  }
}

/** Runs a program on bytes. What follows a position is computed once. */
export class Automaton {
  private readonly store = new StackStore(() => this.ambiguous());
  private readonly positions = new Map<string, Position>();
  private readonly tails: readonly boolean[];
  private readonly counted: { readonly repeat: number; readonly count: number }[] = [];
  private readonly countedAt = new Map<string, number>();
  private readonly classes: Uint8Array;
  /** Number of times that positions were forgotten. */
  private forgotten = 0;
  private first: Position | null = null;

  private constructor(
    private readonly what: string,
    private readonly program: Program,
  ) {
    this.tails = program.states.map(onlyEnds);
    this.classes = classesOf(program);
  }

  /** The automaton of a program, with its first position. */
  static *of(what: string, program: Program): Pieces<Automaton> {
    const automaton = new Automaton(what, program);
    automaton.first = yield* automaton.closure([[program.start, automaton.store.bottom]], new Steps());
    return automaton;
  }

  /** The position before the first byte. */
  get start(): Position {
    // Programs without a text are refused.
    return this.first!;
  }

  /** Changes when positions are forgotten. */
  get generation(): number {
    return this.forgotten;
  }

  /** The position after a byte; null if no text goes on with it, undefined if `follow` has not found it yet. */
  known(position: Position, byte: number): Position | null | undefined {
    return position.next[this.classes[byte]!];
  }

  /** The position after a byte; null if no text goes on with it. */
  step(position: Position, byte: number, steps: Steps): Position | null {
    const known = this.known(position, byte);
    return known === undefined ? new PieceWork(this.follow(position, byte, steps)).result : known;
  }

  /** Finds the position after a byte; null if no text goes on with it. */
  *follow(position: Position, byte: number, steps: Steps): Pieces<Position | null> {
    const kind = this.classes[byte]!;
    const reached: [number, Stacks][] = [];
    for (const [i, place] of position.places.entries()) {
      const { moves } = this.program.states[place]!;
      for (const { first, last, target } of moves)
        if (byte >= first && byte <= last) reached.push([target, position.stacks[i]!]);
      if (steps.meter.add(moves.length / MOVES_A_STEP)) yield;
    }
    const next = reached.length === 0 ? null : yield* this.closure(reached, steps);
    position.next[kind] = next;
    return next;
  }

  /**
   * A position that allows the same next `bytes` bytes, and is the same for many: counts of repetitions that are too far from their limits to
   * matter are made equal.
   */
  similar(position: Position, bytes: number): Position {
    if (this.counted.length === 0) return position;
    const done = new Map<Stacks, Stacks>();
    this.store.begin();
    return this.position(
      position.places,
      position.stacks.map((stacks) => this.clamped(stacks, bytes, done, 0)),
      position.complete,
    );
  }

  private clamped(stacks: Stacks, bytes: number, done: Map<Stacks, Stacks>, depth: number): Stacks {
    const { store } = this;
    const known = depth === DEEPEST_CLAMPED ? stacks : done.get(stacks);
    if (known !== undefined) return known;
    let made: Stacks | null = stacks.hasEmpty ? store.bottom : null;
    for (const [i, top] of stacks.tops.entries()) {
      const pushed = store.push(this.clampedTop(top, bytes), this.clamped(stacks.below[i]!, bytes, done, depth + 1));
      made = made === null ? pushed : store.union(made, pushed);
    }
    done.set(stacks, made!);
    return made!;
  }

  private clampedTop(top: number, bytes: number): number {
    const { states, repeats } = this.program;
    if (top < states.length) return top;
    const { repeat, count } = this.counted[top - states.length]!;
    const { least, most, mayBeEmpty } = repeats[repeat]!;
    if (mayBeEmpty || most - count <= bytes) return top;
    if (least - count > bytes) return this.countedTop(repeat, 0);
    return count > least ? this.countedTop(repeat, least) : top;
  }

  private countedTop(repeat: number, count: number): number {
    const key = `${repeat},${count}`;
    let top = this.countedAt.get(key);
    if (top === undefined) {
      top = this.program.states.length + this.counted.push({ repeat, count }) - 1;
      this.countedAt.set(key, top);
    }
    return top;
  }

  /** All that is reached without a byte. */
  private *closure(reached: readonly (readonly [number, Stacks])[], spent: Steps): Pieces<Position | null> {
    const { store, program, tails } = this;
    const { states } = program;
    const [at, done] = [new Map<number, Stacks>(), new Map<number, Stacks>()];
    const waiting: number[] = [];
    let complete = false;
    store.begin();
    const add = (place: number, stacks: Stacks) => {
      const before = at.get(place);
      const joined = before === undefined ? stacks : store.union(before, stacks);
      if (joined === before) return;
      at.set(place, joined);
      waiting.push(place);
    };
    for (const [place, stacks] of reached) add(place, stacks);
    let [steps, joined] = [0, 0];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      const stacks = at.get(place)!;
      if (done.get(place) === stacks) continue;
      done.set(place, stacks);
      if (++steps > MOST_STEPS || ++spent.count > MOST_STEPS_OF_TOKENS) throw this.ambiguous();
      if (spent.meter.add(1 + (store.joined - joined) / JOINED_A_STEP)) {
        joined = store.joined;
        yield;
        // Others may have joined returns meanwhile.
        store.begin(joined);
      }
      joined = store.joined;
      const { free, calls, repeats: own, ends } = states[place]!;
      for (const target of free) add(target, stacks);
      for (const { start, after } of calls) add(start, tails[after]! ? stacks : store.push(after, stacks));
      for (const repeat of own) this.enter(repeat, 0, stacks, add);
      if (!ends) continue;
      complete ||= stacks.hasEmpty;
      for (const [target, all] of this.returns(stacks)) add(target, store.unionOf(all));
    }
    spent.count += store.joined / JOINED_A_STEP;
    const places = [...at.keys()].filter((place) => states[place]!.moves.length > 0).sort((a, b) => a - b);
    if (places.length === 0 && !complete) return null;
    return this.position(places, places.map((place) => at.get(place)!), complete); // prettier-ignore
  }

  /** Begins a repetition once more, and goes on behind it if that is allowed. */
  private enter(repeat: number, count: number, stacks: Stacks, add: (place: number, stacks: Stacks) => void): void {
    const { start, after, least, most } = this.program.repeats[repeat]!;
    if (count >= least) add(after, stacks);
    const next = most === Infinity ? Math.min(count + 1, least) : count + 1;
    if (count < most) add(start, this.store.push(this.countedTop(repeat, next), stacks));
  }

  /** What the end of a rule returns to, with the stacks for each place. */
  private returns(stacks: Stacks): ReadonlyMap<number, readonly Stacks[]> {
    const reached = new Map<number, Stacks[]>();
    const add = (place: number, own: Stacks) => {
      const known = reached.get(place);
      if (known === undefined) reached.set(place, [own]);
      else known.push(own);
    };
    for (const [i, top] of stacks.tops.entries()) {
      const counted = this.counted[top - this.program.states.length];
      if (counted === undefined) add(top, stacks.below[i]!);
      else this.enter(counted.repeat, counted.count, stacks.below[i]!, add);
    }
    return reached;
  }

  private position(places: readonly number[], stacks: readonly Stacks[], complete: boolean): Position {
    const { positions, store } = this;
    let key = `${complete}`;
    for (let i = 0; i < places.length; i++) key += `,${places[i]}:${stacks[i]!.id}`;
    let position = positions.get(key);
    if (position !== undefined) return position;
    if (positions.size * POSITION + store.size > MOST_KEPT) this.forget();
    positions.set(key, (position = new Position(places, stacks, complete)));
    return position;
  }

  /** Positions in use stay valid, but lead to no others, so that those can be collected. */
  private forget(): void {
    for (const position of this.positions.values()) position.next = [];
    // It may be none of them any more.
    if (this.first !== null) this.first.next = [];
    this.positions.clear();
    this.store.clear();
    this.forgotten++;
  }

  private ambiguous(): ConfigError {
    return new ConfigError(`${this.what}: the text can be read in too many ways: make the grammar less ambiguous`, {
      op: this.what,
      length: MOST_STEPS,
    });
  }
}

/** Classes of bytes between which no state distinguishes. */
function classesOf({ states }: Program): Uint8Array {
  const isBorder = new Uint8Array(257);
  for (const { moves } of states)
    for (const { first, last } of moves) {
      isBorder[first] = 1;
      isBorder[last + 1] = 1;
    }
  const classes = new Uint8Array(256);
  for (let byte = 1; byte < 256; byte++) classes[byte] = classes[byte - 1]! + isBorder[byte]!;
  return classes;
}
