import { both, type Characters, charactersOf, others } from "../characters.js";
import { builtEach, type Part, popped, reference } from "../parts.js";
import { isWithin, matching, type Spelling } from "./regex-part.js";
import type { Regex } from "./syntax.js";

/** A machine on characters: from a state, a character of a set leads to another state, and others are reached without one. */
interface Machine {
  readonly moves: (readonly [set: Characters, target: number])[][];
  readonly free: number[][];
  /** Whether a text may end in each state. */
  readonly ends: readonly boolean[];
  readonly start: number;
}

/** Steps for each state that a machine may have, while it is joined with another. */
const MOST_STEPS = 20;

/** Thrown where expressions take too many states, or too long. */
class TooManyStates extends Error {}

type States = Pick<Machine, "free" | "moves">;

/**
 * The machine of texts that match each of some expressions as a whole. Null if it, or that of one of them, has more than `most`
 * states, or takes too long.
 */
function machineOf(regexes: readonly Regex[], most: number): Machine | null {
  try {
    return regexes.map((regex) => ownMachine(regex, most)).reduce((a, b) => common(a, b, most));
  } catch (error) {
    if (error instanceof TooManyStates) return null;
    throw error;
  }
}

function ownMachine(regex: Regex, most: number): Machine {
  const states: States = { moves: [], free: [] };
  const start = added(states);
  const end = add(states, regex, start, most);
  return { ...states, start, ends: states.moves.map((_, state) => state === end) };
}

/** The machine of texts that both read. Its states are pairs of theirs, made as they are reached. */
function common(a: Machine, b: Machine, most: number): Machine {
  const [own, other] = [withoutFree(a, most), withoutFree(b, most)];
  return explored(own.start * other.moves.length + other.start, most, (pair, spend) => {
    const [first, second] = [Math.floor(pair / other.moves.length), pair % other.moves.length];
    spend(own.moves[first]!.length * other.moves[second]!.length);
    const moves = own.moves[first]!.flatMap(([set, target]) =>
      other.moves[second]!.map(
        ([otherSet, otherTarget]) => [both(set, otherSet), target * other.moves.length + otherTarget] as const,
      ),
    );
    return { moves, ends: own.ends[first]! && other.ends[second]! };
  });
}

/** A machine for the same matches, in which only characters lead to states. */
const withoutFree = ({ moves, free, ends, start }: Machine, most: number): Machine =>
  explored(start, most, (state, spend) => {
    const reached = new Set([state]);
    for (const one of reached) {
      spend(1 + free[one]!.length + moves[one]!.length);
      for (const target of free[one]!) reached.add(target);
    }
    const all = [...reached];
    return { moves: all.flatMap((one) => moves[one]!), ends: all.some((one) => ends[one]) };
  });

/** A machine of the states that are reached by what `leave` gives for each: moves, and whether a text may end there. */
function explored(
  start: number,
  most: number,
  leave: (state: number, spend: (steps: number) => void) => { moves: Machine["moves"][number]; ends: boolean },
): Machine {
  const states: States = { moves: [], free: [] };
  const ends: boolean[] = [];
  const known = new Map<number, number>();
  const waiting: number[] = [];
  const stateOf = (key: number) => {
    let state = known.get(key);
    if (state === undefined) {
      if (known.size >= most) throw new TooManyStates();
      known.set(key, (state = added(states)));
      waiting.push(key);
    }
    return state;
  };
  stateOf(start);
  let spent = 0;
  const spend = (steps: number) => {
    if ((spent += steps) > MOST_STEPS * most) throw new TooManyStates();
  };
  for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
    const state = known.get(key)!;
    const { moves, ends: mayEnd } = leave(key, spend);
    ends[state] = mayEnd;
    for (const [set, target] of moves) if (set.length > 0) states.moves[state]!.push([set, stateOf(target)]);
  }
  return { ...states, ends, start: 0 };
}

function added({ moves, free }: States): number {
  free.push([]);
  return moves.push([]) - 1;
}

/** Adds an expression's states from a state; returns the state at its end. */
function add(states: States, regex: Regex, from: number, most: number): number {
  if (states.moves.length > most) throw new TooManyStates();
  const { moves, free } = states;
  if (regex.kind === "sequence") return regex.items.reduce((at, item) => add(states, item, at, most), from);
  if (regex.kind === "repeat") return addRepeat(states, regex, from, most);
  const end = added(states);
  if (regex.kind === "set") {
    if (regex.set.length > 0) moves[from]!.push([regex.set, end]);
  } else for (const item of regex.items) free[add(states, item, from, most)]!.push(end);
  return end;
}

function addRepeat(states: States, regex: Regex & { kind: "repeat" }, from: number, most: number): number {
  const { free } = states;
  const end = added(states);
  let at = from;
  for (let i = 0; i < (regex.most === Infinity ? regex.least : regex.most); i++) {
    if (i >= regex.least) free[at]!.push(end);
    const next = added(states);
    free[add(states, regex.item, at, most)]!.push(next);
    at = next;
  }
  if (regex.most === Infinity) {
    const loop = added(states);
    free[at]!.push(loop);
    free[add(states, regex.item, loop, most)]!.push(loop);
    at = loop;
  }
  free[at]!.push(end);
  return end;
}

/** Characters of a set, and how many characters of the unwanted text end what is read after one of them. */
type Following = readonly (readonly [set: Characters, stage: number])[];

/** A text that others must not contain. Its first character is in it once, so that only this one begins it again. */
class Unwanted {
  private readonly codes: readonly number[];
  private readonly known = new Map<Characters, Following[]>();

  constructor(text: string) {
    this.codes = Array.from(text, (character) => character.codePointAt(0)!);
  }

  /** Number of its beginnings that a text may end with, the empty one included. */
  get stages(): number {
    return Math.max(1, this.codes.length);
  }

  /** What follows a text that ends with the first `stage` characters, by the next character of a set. */
  parts(set: Characters, stage: number): Following {
    if (this.codes.length === 0) return [[set, 0]];
    const known = this.known.get(set) ?? [];
    this.known.set(set, known);
    return (known[stage] ??= this.divided(set, stage));
  }

  private divided(set: Characters, stage: number): Following {
    const [first, next] = [this.codes[0]!, this.codes[stage]!];
    const begins = stage + 1 < this.codes.length ? [[only(set, next), stage + 1] as const] : [];
    const again = stage === 0 ? [] : [[only(set, first), 1] as const];
    const rest = both(set, others(charactersOf([[first, first], [next, next]]))); // prettier-ignore
    return [...begins, ...again, [rest, 0] as const].filter(([part]) => part.length > 0);
  }
}

const only = (set: Characters, code: number) => both(set, [[code, code]]);

/** States of the expressions' machine times counts. */
const MOST_STATES = 50_000;

/**
 * Texts of `least` to `most` characters that match each of some expressions as a whole. Null if they take too many states.
 * @param without what is not in them: a text whose first character is in it once; "" for none
 */
export function countedMatch(
  regexes: readonly Regex[],
  spelling: Spelling,
  least: number,
  most: number,
  without = "",
): Part | null {
  // Lengths that the expressions have by themselves are not counted.
  if (isWithin(regexes, least, most)) {
    if (regexes.length === 1 && without === "") return matching(regexes[0]!, spelling);
    [least, most] = [0, Infinity];
  }
  const copies = (most === Infinity ? least : most) + 1;
  const unwanted = new Unwanted(without);
  const { stages } = unwanted;
  const machine = machineOf(regexes, Math.floor(MOST_STATES / copies / stages));
  if (machine === null) return null;
  const { moves, free, ends, start } = machine;
  return {
    size: moves.length * copies * stages,
    build(to, from) {
      const [states, done] = [new Map<number, number>(), to.state()];
      const waiting: number[] = [];
      // A set with many sequences of bytes is a rule, not written again for each count.
      const written = new Map<Characters, Part>();
      const spelled = (set: Characters) => {
        let part = written.get(set);
        if (part === undefined) {
          const own = spelling(set);
          written.set(set, (part = own.size <= 2 ? own : reference({ name: "a character", part: () => own })));
        }
        return part;
      };
      const stateOf = (place: number, count: number, stage: number) => {
        const key = (place * copies + count) * stages + stage;
        let state = states.get(key);
        if (state === undefined) {
          states.set(key, (state = to.state()));
          waiting.push(key);
        }
        return state;
      };
      to.free(from, stateOf(start, 0, 0));
      builtEach(to, popped(waiting), (key) => {
        const [counted, stage] = [Math.floor(key / stages), key % stages];
        const [place, count] = [Math.floor(counted / copies), counted % copies];
        const state = states.get(key)!;
        if (ends[place] && count >= least) to.free(state, done);
        for (const target of free[place]!) to.free(state, stateOf(target, count, stage));
        if (count === most) return;
        const next = most === Infinity ? Math.min(count + 1, least) : count + 1;
        for (const [set, target] of moves[place]!)
          for (const [part, reached] of unwanted.parts(set, stage))
            to.free(spelled(part).build(to, state), stateOf(target, next, reached));
      });
      return done;
    },
  };
}
