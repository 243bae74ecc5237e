const escapes: ReadonlyMap<string, number> = new Map([
  ["n", 10],
  ["r", 13],
  ["t", 9],
  ...Array.from('\\"[]-^', (letter) => [letter, letter.charCodeAt(0)] as const),
]);
/** Digits of an escaped character by its letter. */
const lengths: ReadonlyMap<string, number> = new Map([
  ["x", 2],
  ["u", 4],
  ["U", 8],
]);

/** Reads the words of a grammar. */
export class GrammarScanner {
  /** The place, in UTF-16 units. */
  at = 0;

  constructor(
    private readonly source: string,
    private readonly fail: (problem: string, place: number) => Error,
  ) {}

  get ended(): boolean {
    return this.at >= this.source.length;
  }

  error(problem: string, place: number): Error {
    return this.fail(problem, place);
  }

  peek(ahead = 0): string | undefined {
    return this.source[this.at + ahead];
  }

  /** Goes behind a character and the space after it, within sets and literals without the space. */
  skip(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    if ("|)".includes(character)) this.space();
    return true;
  }

  /** White space and comments. */
  space(): void {
    this.matched(/(?:\s|#[^\r\n]*)*/y);
  }

  /** A rule's name; null for none. */
  name(): string | null {
    return this.matched(/[A-Za-z0-9_-]+/y)?.[0] ?? null;
  }

  /** Goes behind `::=`. */
  definition(): boolean {
    return this.matched(/[ \t]*::=/y) !== null;
  }

  /** Whether another rule begins here. */
  isRule(): boolean {
    const { at } = this;
    const found = this.name() !== null && this.definition();
    this.at = at;
    return found;
  }

  /** `*`, `+`, `?` or `{2,5}`; null for none. */
  count(): { least: number; most: number } | null {
    this.matched(/[ \t]*(?=[*+?{])/y);
    if (this.skip("*")) return { least: 0, most: Infinity };
    if (this.skip("+")) return { least: 1, most: Infinity };
    if (this.skip("?")) return { least: 0, most: 1 };
    if (this.peek() !== "{") return null;
    const found = this.matched(/\{\s*(\d*)\s*(,?)\s*(\d*)\s*\}/y);
    if (found === null || (found[1] === "" && found[3] === ""))
      throw this.error("expected {2}, {2,} or {2,5}", this.at);
    const [, low, comma, high] = found;
    const least = Number(low);
    const most = comma === "" ? least : high === "" ? Infinity : Number(high);
    if (least > most || !Number.isSafeInteger(least)) throw this.error("numbers out of order in a repetition", this.at);
    return { least, most };
  }

  /** A character of a literal or a set, perhaps with an escape. */
  character(): number {
    const code = this.source.codePointAt(this.at);
    if (code === undefined || code === 10) throw this.error("a literal or a set without an end", this.at);
    this.at += code > 0xffff ? 2 : 1;
    if (code !== 0x5c) return code;
    const letter = this.source[this.at++] ?? "";
    const known = escapes.get(letter);
    if (known !== undefined) return known;
    const length = lengths.get(letter);
    const digits = this.source.slice(this.at, this.at + (length ?? 0));
    const escaped = /^[0-9A-Fa-f]+$/.test(digits) && digits.length === length ? parseInt(digits, 16) : Infinity;
    if (escaped > 0x10ffff) throw this.error("an unknown escape", this.at - 2);
    this.at += digits.length;
    return escaped;
  }

  private matched(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found !== null) this.at = expression.lastIndex;
    return found;
  }
}
