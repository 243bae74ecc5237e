import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import {
  anything,
  between,
  type CharacterSet,
  choice,
  classes,
  exactly,
  ignoringCase,
  type Place,
  repeat,
  sequence,
  type Syntax,
  union,
  widthOf,
} from "./syntax.js";

/** Maximum nesting of groups. */
const MAX_DEPTH = 100;

/** Python's largest count of a repetition. */
const MAX_REPEAT = 2 ** 32 - 2;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
}

/** Letters that represent a character after a backslash, and the number of hexadecimal digits that follow. */
const controls = new Map(Object.entries({ a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }));
const hexDigits = new Map(Object.entries({ x: 2, u: 4, U: 8 }));
const escapedPlaces = new Map<string, Place>(
  Object.entries({ A: "start", Z: "textEnd", z: "textEnd", b: "boundary", B: "notBoundary" }),
);

/** Openings of groups that a set of states cannot match, with their names. */
const unsupportedGroups: readonly (readonly [opening: string, name: string])[] = [
  ["(?>", "an atomic group"],
  ["(?(", "a conditional group"],
  ["(?P=", "a back-reference"],
  ["(?#", "a comment"],
];

/** Openings of look-around groups. */
const looks: readonly (readonly [opening: string, behind: boolean, negated: boolean])[] = [
  ["(?=", false, false],
  ["(?!", false, true],
  ["(?<=", true, false],
  ["(?<!", true, true],
];

const isDigit = (character: string | undefined) => character !== undefined && character >= "0" && character <= "9";

class Parser {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;
  private readonly names = new Set<string>();

  constructor(private readonly source: string) {
    this.characters = Array.from(source);
  }

  parse(): Syntax {
    let flags: Flags = { ignoreCase: false, multiline: false, dotAll: false };
    for (;;) {
      const opening = /^\(\?([a-zA-Z]+)\)/.exec(this.characters.slice(this.at, this.at + 12).join(""));
      if (!opening) break;
      flags = this.flags(opening[1]!, flags, true);
      this.at += opening[0].length;
    }
    const tree = this.choice(flags);
    if (this.at < this.characters.length) throw this.wrong("a closing bracket has no opening one");
    return tree;
  }

  private wrong(problem: string): AdapterError {
    return new AdapterError(
      `adapter: ${excerpt(this.source)} is not a regular expression that can be read: ${problem} (character ${this.at})`,
      { source: this.source },
    );
  }

  private unsupported(what: string): UnsupportedError {
    return new UnsupportedError(
      `adapter: the regular expression ${excerpt(this.source)} has ${what} (character ${this.at}), which is not supported`,
      { source: this.source },
    );
  }

  private peek(text: string): boolean {
    for (let i = 0; i < text.length; i++) if (this.characters[this.at + i] !== text[i]) return false;
    return true;
  }

  private take(text: string): boolean {
    const found = this.peek(text);
    if (found) this.at += text.length;
    return found;
  }

  private next(): string {
    const character = this.characters[this.at];
    if (character === undefined) throw this.wrong("it ends too early");
    this.at++;
    return character;
  }

  private flags(letters: string, outer: Flags, value: boolean): Flags {
    const flags = { ...outer };
    for (const letter of letters) {
      if (letter === "i") flags.ignoreCase = value;
      else if (letter === "m") flags.multiline = value;
      else if (letter === "s") flags.dotAll = value;
      else if ("axL".includes(letter)) throw this.unsupported(`the flag ${letter}`);
      else if (letter !== "u" || !value) throw this.wrong(`${letter} is no flag here`);
    }
    return flags;
  }

  private choice(flags: Flags): Syntax {
    const items = [this.sequence(flags)];
    while (this.take("|")) items.push(this.sequence(flags));
    return items.length === 1 ? items[0]! : choice(...items);
  }

  private sequence(flags: Flags): Syntax {
    const items: Syntax[] = [];
    while (this.at < this.characters.length && !this.peek("|") && !this.peek(")")) {
      items.push(this.item(flags));
    }
    return items.length === 1 ? items[0]! : sequence(...items);
  }

  /** An atom and its repetition. */
  private item(flags: Flags): Syntax {
    if (this.count() !== null) throw this.wrong("nothing to repeat");
    const item = this.atom(flags);
    const count = this.count();
    if (count === null) return item;
    if (item.kind === "assert") throw this.wrong("nothing to repeat");
    const lazy = this.take("?");
    if (!lazy && this.peek("+")) throw this.unsupported("a possessive repetition");
    if (this.count() !== null) throw this.wrong("a repetition of a repetition");
    return repeat(item, ...count, lazy);
  }

  /** Reads "*", "+", "?" or a count in braces; null if there is none. Other braces are literal. */
  private count(): [min: number, max: number] | null {
    if (this.take("*")) return [0, Infinity];
    if (this.take("+")) return [1, Infinity];
    if (this.take("?")) return [0, 1];
    if (!this.peek("{") || this.peek("{}")) return null;
    const start = this.at++;
    const low = this.number();
    const high = this.take(",") ? this.number() : low;
    if (!this.take("}")) {
      this.at = start;
      return null;
    }
    const [min, max] = [low === "" ? 0 : Number(low), high === "" ? Infinity : Number(high)];
    if (min > MAX_REPEAT || (max > MAX_REPEAT && high !== "")) throw this.wrong("a repetition's count is too large");
    if (max < min) throw this.wrong("a repetition's least count is above its greatest");
    return [min, max];
  }

  private number(): string {
    const start = this.at;
    while (isDigit(this.characters[this.at])) this.at++;
    return this.characters.slice(start, this.at).join("");
  }

  private literal(set: CharacterSet, flags: Flags): Syntax {
    return { kind: "set", set: flags.ignoreCase ? ignoringCase(set) : set };
  }

  private atom(flags: Flags): Syntax {
    if (this.peek("(")) return this.group(flags);
    const character = this.next();
    if (character === ".") return { kind: "set", set: anything(flags.dotAll) };
    if (character === "^") return { kind: "assert", place: flags.multiline ? "lineStart" : "start" };
    if (character === "$") return { kind: "assert", place: flags.multiline ? "lineEnd" : "end" };
    if (character === "[") return this.literal(this.set(), flags);
    if (character !== "\\") return this.literal(exactly(character.codePointAt(0)!), flags);
    const place = escapedPlaces.get(this.characters[this.at] ?? "");
    if (place !== undefined) {
      this.at++;
      return { kind: "assert", place };
    }
    const escaped = this.escape(false);
    return this.literal(typeof escaped === "number" ? exactly(escaped) : escaped, flags);
  }

  private group(outer: Flags): Syntax {
    for (const [opening, name] of unsupportedGroups) if (this.peek(opening)) throw this.unsupported(name);
    const look = looks.find(([opening]) => this.take(opening));
    const flags = look ? outer : this.opening(outer);
    if (++this.depth > MAX_DEPTH) throw this.wrong(`groups stand in each other more than ${MAX_DEPTH} times`);
    const item = this.choice(flags);
    this.depth--;
    if (!this.take(")")) throw this.wrong("a bracket is not closed");
    if (look) {
      const [, isBehind, negated] = look;
      const [behind, most] = isBehind ? widthOf(item) : [0, 0];
      if (behind !== most) throw this.wrong("what is looked behind for has no fixed length");
      return { kind: "look", item, behind, negated };
    }
    // A separate sequence, so that "(?:^)*" repeats a group, not an assertion.
    return sequence(item);
  }

  /** Reads what opens a group; the flags within it. */
  private opening(outer: Flags): Flags {
    if (!this.take("(?")) {
      this.at++;
      return outer;
    }
    if (this.take("P<")) {
      let name = "";
      while (!this.take(">")) name += this.next();
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) throw this.wrong(`${excerpt(name)} is no name for a group`);
      if (this.names.has(name)) throw this.wrong(`two groups are called ${excerpt(name)}`);
      this.names.add(name);
      return outer;
    }
    let flags = outer;
    for (const value of [true, false]) {
      if (!value && !this.take("-")) break;
      let letters = "";
      while (/[a-zA-Z]/.test(this.characters[this.at] ?? "")) letters += this.next();
      flags = this.flags(letters, flags, value);
    }
    if (this.peek(")")) throw this.wrong("flags for the whole stand elsewhere than at the start");
    if (!this.take(":")) throw this.wrong("an unknown kind of group");
    return flags;
  }

  /** Parses a set after "[": the members by Python's rules; a closing bracket in first place is a member. */
  private set(): CharacterSet {
    const negated = this.take("^");
    const sets: CharacterSet[] = [];
    do {
      const first = this.member();
      if (!this.peek("-") || this.characters[this.at + 1] === "]") {
        sets.push(typeof first === "number" ? exactly(first) : first);
        continue;
      }
      this.at++;
      const last = this.member();
      if (typeof first !== "number" || typeof last !== "number" || last < first) throw this.wrong("not a range");
      sets.push(between(first, last));
    } while (!this.take("]"));
    return union(sets, negated);
  }

  private member(): number | CharacterSet {
    const character = this.next();
    return character === "\\" ? this.escape(true) : character.codePointAt(0)!;
  }

  /** Parses an escape after a backslash: the character, or a class such as `\d`. */
  private escape(inSet: boolean): number | CharacterSet {
    const character = this.next();
    const known = classes.get(character);
    if (known !== undefined) return known;
    const digits = hexDigits.get(character);
    if (digits !== undefined) return this.hexadecimal(digits);
    const control = controls.get(character);
    if (control !== undefined) return control;
    if (isDigit(character)) return this.octal(character, inSet);
    if (character === "N") throw this.unsupported("a character by its name");
    if (/[a-zA-Z]/.test(character)) throw this.wrong(`\\${character} means nothing`);
    return character.codePointAt(0)!;
  }

  private hexadecimal(digits: number): number {
    const text = this.characters.slice(this.at, this.at + digits).join("");
    const code = /^[0-9a-fA-F]+$/.test(text) && text.length === digits ? parseInt(text, 16) : NaN;
    if (!(code <= 0x10ffff)) throw this.wrong("not a character's number");
    this.at += digits;
    return code;
  }

  /** `\0`, `\07` and three digits are a character's number; other digits refer to a group. */
  private octal(first: string, inSet: boolean): number {
    const [, digits = ""] = /^([0-7]{1,3})/.exec(first + this.characters.slice(this.at, this.at + 2).join("")) ?? [];
    if (first !== "0" && digits.length < 3 && !inSet) throw this.unsupported("a back-reference");
    if (digits === "" || parseInt(digits, 8) > 0o377) throw this.wrong("not a character's number");
    this.at += digits.length - 1;
    return parseInt(digits, 8);
  }
}

/**
 * Parses a regular expression in the syntax of Python's `re`. Throws `AdapterError` for expressions that Python rejects, `UnsupportedError`
 * for those that a set of states cannot match (back-references, atomic groups) and a few rarities.
 */
export function parsePattern(source: string): Syntax {
  return new Parser(source).parse();
}
