import { both, type Characters, charactersOf, others } from "../characters.js";

/** Characters of a set, and how many characters of the unwanted text end what is read after one of them. */
type Following = readonly (readonly [set: Characters, stage: number])[];

/** A text that others must not contain. Its first character is in it once, so that only this one begins it again. */
export class Unwanted {
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
