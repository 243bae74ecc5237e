import { ConfigError } from "../errors/errors.js";
import type { PartTarget, Rule } from "./parts.js";
import { Meter, type Pieces } from "./pieces.js";
import type { Program, Repeat, State } from "./program.js";

/** Most counted repetitions of what may be empty. */
const MOST_EMPTY = 100;
/** States that are a piece of work. */
const CHECK_PIECE = 2000;

/**
 * Removes what leads to no text's end, so that every text that a program lets begin can be finished. Throws `ConfigError` if nothing is left,
 * for a rule that begins with itself, and for large counts of what may be empty.
 *
 * @param nameOf the rule of a state
 */
function* checkProgram(what: string, where: string, program: Program, nameOf: (state: number) => string): Pieces<void> {
  const fail = (problem: string) => new ConfigError(`${what}: ${where}: ${problem}`, { op: what, option: where });
  const finishing = yield* reachingEnd(program, true);
  if (finishing[program.start] === 0) throw fail("no text fits it");
  yield* prune(program, finishing);
  const mayBeEmpty = yield* reachingEnd(program, false);
  for (const repeat of program.repeats) {
    repeat.mayBeEmpty = mayBeEmpty[repeat.start] === 1;
    if (repeat.mayBeEmpty && (repeat.most === Infinity ? repeat.least : repeat.most) > MOST_EMPTY)
      throw fail(`what may be empty is repeated more than ${MOST_EMPTY} times`);
  }
  const looping = yield* beginningWithItself(program, mayBeEmpty);
  if (looping !== undefined)
    throw fail(
      `${nameOf(looping)} begins with itself, which never comes to an end: put something before the reference`,
    );
}

/** Which states (1) reach the end of their rule; without `bytes`, by the empty text. */
function* reachingEnd({ states, repeats }: Program, bytes: boolean): Pieces<Uint8Array> {
  const meter = new Meter(CHECK_PIECE);
  const reached = new Uint8Array(states.length);
  const before: number[][] = states.map(() => []);
  for (const [place, state] of states.entries()) {
    for (const target of state.free) before[target]!.push(place);
    if (bytes) for (const { target } of state.moves) before[target]!.push(place);
    for (const call of [...state.calls, ...state.repeats.map((index) => repeats[index]!)]) {
      before[call.start]!.push(place);
      before[call.after]!.push(place);
    }
    if (meter.add(1)) yield;
  }
  const fits = (place: number) => {
    const { ends, free, moves, calls, repeats: own } = states[place]!;
    return (
      ends ||
      free.some((target) => reached[target] === 1) ||
      (bytes && moves.some(({ target }) => reached[target] === 1)) ||
      calls.some(({ start, after }) => reached[after] === 1 && reached[start] === 1) ||
      own.some((index) => {
        const { start, after, least } = repeats[index]!;
        return reached[after] === 1 && (least === 0 || reached[start] === 1);
      })
    );
  };
  const waiting = [...states.keys()].filter((place) => states[place]!.ends || states[place]!.repeats.length > 0);
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    if (meter.add(1)) yield;
    if (reached[place] === 1 || !fits(place)) continue;
    reached[place] = 1;
    for (const other of before[place]!) if (reached[other] === 0) waiting.push(other);
  }
  return reached;
}

/** Removes moves, calls and repetitions that lead to states which reach no end. */
function* prune({ states, repeats }: Program, reached: Uint8Array): Pieces<void> {
  const meter = new Meter(CHECK_PIECE);
  const keep = <T>(list: T[], isKept: (item: T) => boolean) => {
    let kept = 0;
    for (const item of list) if (isKept(item)) list[kept++] = item;
    list.length = kept;
  };
  for (const { moves, free, calls, repeats: own } of states) {
    if (meter.add(1)) yield;
    keep(moves, ({ target }) => reached[target] === 1);
    keep(free, (target) => reached[target] === 1);
    keep(calls, ({ start, after }) => reached[start] === 1 && reached[after] === 1);
    keep(own, (index) => {
      const { start, after, least } = repeats[index]!;
      if (reached[start] === 0 && reached[after] === 1 && least === 0) free.push(after);
      return reached[start] === 1 && reached[after] === 1;
    });
  }
}

/** The start of a rule that refers to itself before its first byte; undefined if there is none. */
function* beginningWithItself(program: Program, mayBeEmpty: Uint8Array): Pieces<number | undefined> {
  const meter = new Meter(CHECK_PIECE);
  const first = new Map<number, Set<number>>();
  const waiting = [program.start];
  for (let start = waiting.pop(); start !== undefined; start = waiting.pop()) {
    if (first.has(start)) continue;
    const called = yield* calledFirst(program, start, mayBeEmpty, meter);
    first.set(start, called.first);
    for (const other of called.all) waiting.push(other);
  }
  // Rules that call none first are removed, until only those that lead to a loop are left.
  const callers = new Map<number, number[]>();
  for (const start of first.keys()) callers.set(start, []);
  for (const [start, called] of first) for (const other of called) callers.get(other)!.push(start);
  const done = [...first.keys()].filter((start) => first.get(start)!.size === 0);
  for (let start = done.pop(); start !== undefined; start = done.pop()) {
    first.delete(start);
    for (const caller of callers.get(start)!) {
      const called = first.get(caller)!;
      called.delete(start);
      if (called.size === 0) done.push(caller);
    }
  }
  let [at] = first.keys();
  const seen = new Set<number>();
  while (at !== undefined && !seen.has(at)) {
    seen.add(at);
    [at] = first.get(at)!;
  }
  return at;
}

/** Starts of the rules that a rule calls, and of those that it calls before its first byte. */
function* calledFirst(
  { states, repeats }: Program,
  start: number,
  mayBeEmpty: Uint8Array,
  meter: Meter,
): Pieces<{ first: Set<number>; all: Set<number> }> {
  const [first, all, seen] = [new Set<number>(), new Set<number>(), new Map<number, boolean>()];
  const waiting: [place: number, isFirst: boolean][] = [[start, true]];
  const add = (place: number, isFirst: boolean) => waiting.push([place, isFirst]);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [place, isFirst] = next;
    if (meter.add(1)) yield;
    if (seen.has(place) && (seen.get(place)! || !isFirst)) continue;
    seen.set(place, isFirst);
    const { free, moves, calls, repeats: own } = states[place]!;
    for (const target of free) add(target, isFirst);
    for (const { target } of moves) add(target, false);
    for (const call of calls) {
      (isFirst ? first : all).add(call.start);
      add(call.after, isFirst && mayBeEmpty[call.start] === 1);
    }
    for (const index of own) {
      const repeat = repeats[index]!;
      (isFirst ? first : all).add(repeat.start);
      add(repeat.after, isFirst && (repeat.least === 0 || mayBeEmpty[repeat.start] === 1));
    }
  }
  return { first, all: new Set([...first, ...all]) };
}

/** Most states of a program, some 100 bytes each. */
const MOST_STATES = 300_000;

/** States and rules that are a piece of work. */
const PIECE = 500;

/** Builds a program from parts. */
export class ProgramBuilder implements PartTarget {
  private readonly states: State[] = [];
  private readonly repeats: Repeat[] = [];
  private readonly starts = new Map<Rule, number>();
  private readonly waiting: (() => void)[] = [];
  /** The rule of each state. */
  private readonly owners: Rule[] = [];
  private owner: Rule;

  /** @param where the option, for messages */
  private constructor(
    private readonly what: string,
    private readonly where: string,
    private readonly root: Rule,
  ) {
    this.owner = root;
  }

  /** The program of a rule's texts. Throws `ConfigError` if there are none, and for more states than are allowed. */
  static *program(what: string, where: string, root: Rule): Pieces<Program> {
    const builder = new ProgramBuilder(what, where, root);
    const { states, repeats, waiting, owners } = builder;
    const start = builder.startOf(root);
    const meter = new Meter(PIECE);
    for (let build = waiting.pop(); build !== undefined; build = waiting.pop()) {
      const before = states.length;
      build();
      if (meter.add(1 + states.length - before)) yield;
    }
    const program = { states, repeats, start };
    yield* checkProgram(what, where, program, (state) => owners[state]!.name);
    return program;
  }

  defer(build: () => void): void {
    const { owner } = this;
    this.waiting.push(() => {
      this.owner = owner;
      build();
    });
  }

  state(): number {
    if (this.states.length === MOST_STATES)
      throw new ConfigError(`${this.what}: ${this.where} takes more than ${MOST_STATES} states: make it smaller`, {
        op: this.what,
        option: this.where,
        length: MOST_STATES,
      });
    this.owners.push(this.owner);
    return this.states.push({ moves: [], free: [], calls: [], repeats: [], ends: false }) - 1;
  }

  move(from: number, first: number, last: number, target: number): void {
    this.states[from]!.moves.push({ first, last, target });
  }

  free(from: number, to: number): void {
    if (from !== to) this.states[from]!.free.push(to);
  }

  call(from: number, rule: Rule): number {
    const after = this.state();
    this.states[from]!.calls.push({ start: this.startOf(rule), after });
    return after;
  }

  repeat(from: number, rule: Rule, least: number, most: number): number {
    const after = this.state();
    const made = { start: this.startOf(rule), after, least, most, mayBeEmpty: false };
    this.states[from]!.repeats.push(this.repeats.push(made) - 1);
    return after;
  }

  private startOf(rule: Rule): number {
    const known = this.starts.get(rule);
    if (known !== undefined) return known;
    const { owner } = this;
    this.owner = rule;
    const start = this.state();
    this.owner = owner;
    this.starts.set(rule, start);
    this.waiting.push(() => {
      this.owner = rule;
      this.states[rule.part().build(this, start)]!.ends = true;
    });
    return start;
  }
}
