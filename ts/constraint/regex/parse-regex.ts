import { type Characters, charactersOf, others } from "../characters.js";
import { classes, noLineEnd, withProperty } from "./classes.js";
import type { Alternative, Regex } from "./syntax.js";

/** Creates the error for a problem at a place of an expression. */
export type RegexFailure = (problem: string, place: number) => Error;

/** Deepest groups within groups. */
const DEEPEST = 200;
/** Deepest groups that are the whole expression or an alternative, and may have anchors: each is read twice. */
const DEEPEST_WHOLE = 4;

const escapes: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13 };

/** A set without a character: no text. */
const none: Regex = { kind: "set", set: [] };

/**
 * Reads an expression of ECMAScript with the flag "u" or without; lazy repetitions are as greedy ones. Look-around, references back and word
 * boundaries are refused, and `^` and `$` but at the ends of the whole or of its alternatives.
 */
export class RegexParser {
  private at = 0;
  private depth = 0;
  private readonly source: readonly string[];

  private constructor(
    source: string,
    private readonly dot: Characters,
    private readonly fail: RegexFailure,
  ) {
    this.source = Array.from(source);
  }

  /** @param dotAll whether "." is also the end of a line */
  static parse(source: string, dotAll: boolean, fail: RegexFailure): readonly Alternative[] {
    const parser = new RegexParser(source, dotAll ? others([]) : noLineEnd, fail);
    const alternatives = parser.anchored();
    if (parser.at < parser.source.length) throw parser.error("a ) without a (");
    return alternatives;
  }

  /** Alternatives with their anchors; those of a group that is the whole expression too. */
  private anchored(): Alternative[] {
    const alternatives: Alternative[] = [];
    do {
      const whole = this.wholeGroup();
      if (whole !== null) {
        for (const own of whole) alternatives.push(own);
        continue;
      }
      const atStart = this.skip("^");
      const items = this.items();
      const atEnd = this.skip("$");
      if (this.at < this.source.length && !"|)".includes(this.peek()!)) throw this.error("$ before the end");
      alternatives.push({ item: { kind: "sequence", items }, atStart, atEnd });
    } while (this.skip("|"));
    return alternatives;
  }

  /** The alternatives of `(…)` and `^(…)$`, if that is all. */
  private wholeGroup(): Alternative[] | null {
    const begin = this.at;
    const atStart = this.skip("^");
    if (this.peek() === "(" && this.depth < DEEPEST_WHOLE) {
      this.openGroup();
      this.depth++;
      const inner = this.attempt(() => this.anchored());
      this.depth--;
      if (inner !== null && this.skip(")")) {
        const atEnd = this.skip("$");
        const next = this.peek();
        const isWhole = next === undefined || next === "|" || (next === ")" && this.depth > 0);
        if (isWhole)
          return inner.map((own) => ({ ...own, atStart: atStart || own.atStart, atEnd: atEnd || own.atEnd }));
      }
    }
    this.at = begin;
    return null;
  }

  private attempt<T>(read: () => T): T | null {
    try {
      return read();
    } catch {
      return null;
    }
  }

  private choice(): Regex {
    const items: Regex[] = [];
    do items.push({ kind: "sequence", items: this.items() });
    while (this.skip("|"));
    return items.length === 1 ? items[0]! : { kind: "choice", items };
  }

  private items(): Regex[] {
    const items: Regex[] = [];
    while (this.at < this.source.length && !"|)$".includes(this.peek()!)) items.push(this.repetition());
    return items;
  }

  private repetition(): Regex {
    const item = this.atom();
    const count = this.count();
    if (count === null) return item;
    this.skip("?");
    return { kind: "repeat", item, ...count };
  }

  /** `*`, `+`, `?` or `{2,5}`. */
  private count(): { least: number; most: number } | null {
    if (this.skip("*")) return { least: 0, most: Infinity };
    if (this.skip("+")) return { least: 1, most: Infinity };
    if (this.skip("?")) return { least: 0, most: 1 };
    const found = this.peek() !== "{" ? null : this.matched(/^\{(\d+)(,?)(\d*)\}/);
    if (found === null) return null;
    const least = Number(found[1]);
    const most = found[2] === "" ? least : found[3] === "" ? Infinity : Number(found[3]);
    if (least > most || !Number.isSafeInteger(least)) throw this.error("numbers out of order in a repetition");
    return { least, most };
  }

  private atom(): Regex {
    const character = this.source[this.at++]!;
    if (character === "(") {
      this.at--;
      return this.group();
    }
    if (character === ".") return { kind: "set", set: this.dot };
    if (character === "[") return { kind: "set", set: this.set() };
    if (character === "\\") return { kind: "set", set: this.escape(false) };
    if (character === "^") throw this.error("^ behind the beginning", 1);
    if ("*+?".includes(character) || (character === "{" && /^\d+,?\d*\}/.test(this.ahead())))
      throw this.error(`nothing to repeat before ${character}`, 1);
    return one(character.codePointAt(0)!);
  }

  private group(): Regex {
    this.openGroup();
    if (++this.depth > DEEPEST) throw this.error(`more than ${DEEPEST} groups within each other`);
    const inner = this.choice();
    this.depth--;
    if (this.peek() === "$") throw this.error("$ within a group");
    if (!this.skip(")")) throw this.error("a ( without a )");
    return inner;
  }

  private openGroup(): void {
    this.at++;
    if (!this.skip("?")) return;
    if (this.skip(":") || this.matched(/^<[A-Za-z_$][\w$]*>/) !== null) return;
    throw this.error("look-around and flags in groups are not supported", 1);
  }

  private set(): Characters {
    const isNegated = this.skip("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.skip("]")) {
      if (this.at >= this.source.length) throw this.error("a [ without a ]");
      const first = this.member();
      const second = this.peek() === "-" && this.source[this.at + 1] !== "]" ? (this.at++, this.member()) : null;
      if (second === null) ranges.push(...first);
      else {
        const [from, to] = [single(first), single(second)];
        // Without the flag "u", a "-" beside a class as \w is itself.
        if (from === null || to === null) ranges.push(...first, [0x2d, 0x2d], ...second);
        else if (from > to) throw this.error("a range out of order in a set");
        else ranges.push([from, to]);
      }
    }
    const set = charactersOf(ranges);
    return isNegated ? others(set) : set;
  }

  private member(): Characters {
    const character = this.source[this.at++];
    if (character === undefined) throw this.error("a [ without a ]");
    return character === "\\" ? this.escape(true) : only(character.codePointAt(0)!);
  }

  /** What follows a backslash. */
  private escape(inSet: boolean): Characters {
    const letter = this.source[this.at++];
    if (letter === undefined) throw this.error("a backslash at the end");
    const known = classes.get(letter);
    if (known !== undefined) return known;
    if (letter in escapes) return only(escapes[letter]!);
    if (letter === "0" && !/^\d/.test(this.ahead())) return only(0);
    if (letter === "b" && inSet) return only(8);
    if (letter === "x" || letter === "u") return only(this.hexadecimal(letter));
    if (letter === "c") {
      const control = this.matched(/^[A-Za-z]/);
      if (control !== null) return only(control[0].charCodeAt(0) & 31);
    }
    if (letter === "p" || letter === "P") return this.property(letter === "P");
    if (/[A-Za-z0-9]/.test(letter)) throw this.error(`\\${letter} is not supported`, 2);
    return only(letter.codePointAt(0)!);
  }

  private hexadecimal(letter: "u" | "x"): number {
    const digits = this.matched(letter === "x" ? /^[0-9A-Fa-f]{2}/ : /^(?:[0-9A-Fa-f]{4}|\{[0-9A-Fa-f]{1,6}\})/);
    if (digits === null) throw this.error(`no hexadecimal number behind \\${letter}`);
    const code = parseInt(digits[0].replace(/[{}]/g, ""), 16);
    const low = code >= 0xd800 && code < 0xdc00 ? this.matched(/^\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/) : null;
    if (low !== null) return (code - 0xd800) * 0x400 + parseInt(low[1]!, 16) - 0xdc00 + 0x10000;
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw this.error("half a character, or none");
    return code;
  }

  private property(isNegated: boolean): Characters {
    const name = this.matched(/^\{([^}]*)\}/)?.[1];
    const set = name === undefined ? null : withProperty(name);
    if (set === null) throw this.error("an unknown property of characters");
    return isNegated ? others(set) : set;
  }

  private peek(): string | undefined {
    return this.source[this.at];
  }

  private ahead(): string {
    return this.source.slice(this.at, this.at + 64).join("");
  }

  private matched(expression: RegExp): RegExpExecArray | null {
    const found = expression.exec(this.ahead());
    if (found !== null) this.at += Array.from(found[0]).length;
    return found;
  }

  private skip(character: string): boolean {
    if (this.peek() !== character) return false;
    this.at++;
    return true;
  }

  private error(problem: string, back = 0): Error {
    return this.fail(problem, this.at - back);
  }
}

const only = (code: number): Characters => [[code, code]];
const one = (code: number): Regex => (code >= 0xd800 && code < 0xe000 ? none : { kind: "set", set: only(code) });
const single = (set: Characters) => (set.length === 1 && set[0]![0] === set[0]![1] ? set[0]![0] : null);
