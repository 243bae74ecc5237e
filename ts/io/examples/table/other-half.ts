import { type Column, isNumber } from "../row.js";

/** Names of columns that go together, in any case. */
const PAIRS: readonly (readonly string[])[] = [
  ["premise", "hypothesis"],
  ["question", "answer"],
  ["question", "sentence"],
  ["question", "context"],
  ["query", "passage"],
  ["query", "document"],
  ["anchor", "positive"],
  ["text", "text_pair"],
];
/** Endings of a pair's names after their common part. */
const ENDS: readonly (readonly string[])[] = [
  ["1", "2"],
  ["a", "b"],
  ["left", "right"],
  ["first", "second"],
];
/** Number of values to examine. */
const SAMPLE = 200;
/** The fewest words of a text, on average. */
const WORDS = 2;

function areNamedAsPair(one: string, other: string): boolean {
  const [a, b] = [one.trim().toLowerCase(), other.trim().toLowerCase()];
  const both = (pair: readonly string[], x: string, y: string) => x !== y && pair.includes(x) && pair.includes(y);
  if (PAIRS.some((pair) => both(pair, a, b))) return true;
  return ENDS.some((ends) => {
    const pattern = new RegExp(`^(.*?)[ _-]?(${ends.join("|")})$`);
    const [x, y] = [pattern.exec(a), pattern.exec(b)];
    return x !== null && y !== null && x[1] === y[1] && both(ends, x[2]!, y[2]!);
  });
}

/** Detects whether the texts' column is one of a pair, as question1 and question2, by the columns' names and the other one's values. */
export class OtherHalf {
  private column: string | null = null;
  private looked = 0;
  private words = 0;

  constructor(private readonly text: Column) {}

  /** The column whose values are needed; null for none. */
  among(names: readonly string[]): string | null {
    const { text } = this;
    if (isNumber(text)) return null;
    return (this.column = names.find((name) => areNamedAsPair(String(text), name)) ?? null);
  }

  /** A value of that column. */
  see(value: unknown): void {
    if (this.looked === SAMPLE) return;
    this.looked++;
    if (typeof value === "string") this.words += value.slice(0, 1000).match(/\p{L}+/gu)?.length ?? 0;
  }

  /** The column, if it has texts. */
  get found(): string | null {
    return this.looked > 0 && this.words >= WORDS * this.looked ? this.column : null;
  }
}
