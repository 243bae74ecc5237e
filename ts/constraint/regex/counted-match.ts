import type { Characters } from "../characters.js";
import type { Part } from "../part.js";
import { reference } from "../parts.js";
import type { Spelling } from "./regex-part.js";
import type { Regex } from "./syntax.js";
import { Unwanted } from "./unwanted.js";

/** States of an expression's machine times counts. */
const MOST_STATES = 50_000;

/** A machine on characters. */
interface Machine {
  readonly moves: (readonly [set: Characters, target: number])[][];
  readonly free: number[][];
}

/** Thrown where an expression and its lengths take too many states. */
export class TooManyStates extends Error {}

/**
 * Texts of `least` to `most` characters that match an expression as a whole. Throws `TooManyStates`.
 * @param without what is not in them: a text whose first character is in it once; "" for none
 */
export function countedMatch(regex: Regex, spelling: Spelling, least: number, most: number, without = ""): Part {
  const machine: Machine = { moves: [], free: [] };
  const copies = (most === Infinity ? least : most) + 1;
  const unwanted = new Unwanted(without);
  const { stages } = unwanted;
  const start = added(machine);
  const end = add(machine, regex, start, Math.floor(MOST_STATES / copies / stages));
  const { moves, free } = machine;
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
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        const [counted, stage] = [Math.floor(key / stages), key % stages];
        const [place, count] = [Math.floor(counted / copies), counted % copies];
        const state = states.get(key)!;
        if (place === end && count >= least) to.free(state, done);
        for (const target of free[place]!) to.free(state, stateOf(target, count, stage));
        if (count === most) continue;
        const next = most === Infinity ? Math.min(count + 1, least) : count + 1;
        for (const [set, target] of moves[place]!)
          for (const [part, reached] of unwanted.parts(set, stage))
            to.free(spelled(part).build(to, state), stateOf(target, next, reached));
      }
      return done;
    },
  };
}

function added({ moves, free }: Machine): number {
  free.push([]);
  return moves.push([]) - 1;
}

/** Adds an expression's states from a state; returns the state at its end. */
function add(machine: Machine, regex: Regex, from: number, most: number): number {
  if (machine.moves.length > most) throw new TooManyStates();
  const { moves, free } = machine;
  if (regex.kind === "sequence") return regex.items.reduce((at, item) => add(machine, item, at, most), from);
  if (regex.kind === "repeat") return addRepeat(machine, regex, from, most);
  const end = added(machine);
  if (regex.kind === "set") {
    if (regex.set.length > 0) moves[from]!.push([regex.set, end]);
  } else for (const item of regex.items) free[add(machine, item, from, most)]!.push(end);
  return end;
}

function addRepeat(machine: Machine, regex: Regex & { kind: "repeat" }, from: number, most: number): number {
  const { free } = machine;
  const end = added(machine);
  let at = from;
  for (let i = 0; i < (regex.most === Infinity ? regex.least : regex.most); i++) {
    if (i >= regex.least) free[at]!.push(end);
    const next = added(machine);
    free[add(machine, regex.item, at, most)]!.push(next);
    at = next;
  }
  if (regex.most === Infinity) {
    const loop = added(machine);
    free[at]!.push(loop);
    free[add(machine, regex.item, loop, most)]!.push(loop);
    at = loop;
  }
  free[at]!.push(end);
  return end;
}
