import { type Characters, both, charactersOf, others } from "../characters.js";
import type { Part } from "../part.js";
import { builtEach, popped, reference } from "../parts.js";
import { machineOf } from "./machine.js";
import { isWithin, matching, type Spelling } from "./regex-part.js";
import type { Regex } from "./syntax.js";

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
