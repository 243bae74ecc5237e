import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { anyCharacter, type Characters, charactersOf, others } from "../characters.js";
import { character, choice, type Part, reference, repeated, type Rule, sequenceOf, text } from "../parts.js";

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
class GrammarScanner {
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

/** Deepest groups within groups. */
const DEEPEST = 200;

/**
 * Reads a grammar as llama.cpp writes it (GBNF): rules `name ::= …` of literals, sets, names, groups, `|`, `*`, `+`, `?`, `{m,n}` and comments.
 * The texts are those of the rule `root`.
 */
export class GrammarReader {
  private readonly rules = new Map<string, { readonly rule: Rule; part: Part | null; readonly place: number }>();
  private depth = 0;

  private constructor(
    private readonly what: string,
    private readonly scan: GrammarScanner,
  ) {}

  /** The rule `root`. Throws `ConfigError` for a grammar that is none. */
  static rule(what: string, source: string): Rule {
    const fail = (problem: string, place: number) =>
      new ConfigError(`${what}: grammar: ${problem}, at ${excerpt(source.slice(place, place + 40))}`, {
        op: what,
        option: "grammar",
        value: source,
        place,
      });
    const reader = new GrammarReader(what, new GrammarScanner(source, fail));
    reader.readRules();
    return reader.rules.get("root")!.rule;
  }

  private readRules(): void {
    const { scan, rules } = this;
    for (scan.space(); !scan.ended; scan.space()) {
      const { at } = scan;
      const name = scan.name();
      if (name === null || !scan.definition()) throw scan.error("expected a rule, name ::= …", at);
      const known = this.named(name, at);
      const part = this.alternatives();
      if (known.part !== null) throw scan.error(`the rule ${excerpt(name)} is there twice`, at);
      known.part = part;
    }
    if (!rules.has("root")) throw scan.error("there is no rule root", 0);
    for (const [name, { part, place }] of rules)
      if (part === null) throw scan.error(`there is no rule ${excerpt(name)}`, place);
  }

  private named(name: string, place: number) {
    const known = this.rules.get(name);
    if (known !== undefined) return known;
    const made = { rule: { name: `rule ${name}`, part: () => made.part! }, part: null as Part | null, place };
    this.rules.set(name, made);
    return made;
  }

  private alternatives(): Part {
    const parts: Part[] = [];
    do parts.push(this.sequence());
    while (this.scan.skip("|"));
    return choice(parts);
  }

  private sequence(): Part {
    const parts: Part[] = [];
    for (let item = this.item(); item !== null; item = this.item()) {
      let counts = 0;
      for (let count = this.scan.count(); count !== null; count = this.scan.count()) {
        if (++counts > DEEPEST) throw this.scan.error(`more than ${DEEPEST} repetitions of each other`, this.scan.at);
        item = repeated(item, count.least, count.most);
      }
      parts.push(item);
    }
    return sequenceOf(parts);
  }

  /** What comes next in a sequence; null at its end. */
  private item(): Part | null {
    const { scan } = this;
    scan.space();
    if (scan.skip('"')) return this.literal();
    if (scan.skip("[")) return character(this.set());
    if (scan.skip(".")) return character(anyCharacter);
    if (scan.skip("(")) return this.group();
    if (scan.isRule()) return null;
    const { at } = scan;
    const name = scan.name();
    return name === null ? this.ended() : reference(this.named(name, at).rule);
  }

  /** Null where a sequence ends. */
  private ended(): null {
    const next = this.scan.peek();
    if (next === undefined || next === "|" || (next === ")" && this.depth > 0)) return null;
    throw this.scan.error(
      next === "<" ? "tokens by name are not supported" : "this is no part of a rule",
      this.scan.at,
    );
  }

  private group(): Part {
    const { scan } = this;
    if (++this.depth > DEEPEST) throw scan.error(`more than ${DEEPEST} groups within each other`, scan.at);
    const part = this.alternatives();
    if (!scan.skip(")")) throw scan.error("a ( without a )", scan.at);
    this.depth--;
    return part;
  }

  private literal(): Part {
    const { scan } = this;
    let content = "";
    while (!scan.skip('"')) content += String.fromCodePoint(scan.character());
    return text(content);
  }

  private set(): Characters {
    const { scan } = this;
    const isNegated = scan.skip("^");
    const ranges: [number, number][] = [];
    while (!scan.skip("]")) {
      const first = scan.character();
      const last = scan.peek() === "-" && scan.peek(1) !== "]" && scan.skip("-") ? scan.character() : first;
      if (first > last) throw scan.error("a range out of order", scan.at);
      ranges.push([first, last]);
    }
    const set = charactersOf(ranges);
    return isNegated ? others(set) : set;
  }
}
