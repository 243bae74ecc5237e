import { anyCharacter, both, type Characters, charactersOf, others } from "../characters.js";
import {
  bytes,
  character,
  choice,
  type Part,
  reference,
  repeated,
  type Rule,
  sequence,
  text,
  texts,
} from "../parts.js";
import { countedMatch } from "../regex/counted-match.js";
import type { Regex } from "../regex/syntax.js";

/** Characters that stand for themselves in JSON. */
const plain = others(
  charactersOf([
    [0, 0x1f],
    [0x22, 0x22],
    [0x5c, 0x5c],
  ]),
);
const LAST_ESCAPED = 0x5c;
const escaped = Array.from({ length: LAST_ESCAPED + 1 }, (_, code) => code).filter(
  (code) => code < 0x20 || code === 0x22 || code === 0x5c,
);

/** One of some characters of ASCII. */
const oneOf = (letters: string) =>
  bytes(Array.from(letters, (letter) => [[letter.charCodeAt(0), letter.charCodeAt(0)]]));
const hexadecimal = bytes([[[0x30, 0x39]], [[0x41, 0x46]], [[0x61, 0x66]]]);
const withoutUnit = choice([character(plain), texts(Array.from('"\\/bfnrt', (letter) => `\\${letter}`))]);

/** A character of a JSON string, with any escape. */
const jsonCharacter: Part = choice([
  withoutUnit,
  sequence(text("\\u"), hexadecimal, hexadecimal, hexadecimal, hexadecimal),
]);

const twoDigits = sequence(hexadecimal, hexadecimal);

/** A character without lone surrogates: two that follow each other would be one character, not two. */
const wholeCharacter: Part = choice([
  withoutUnit,
  sequence(text("\\u"), oneOf("0123456789abcefABCEF"), hexadecimal, twoDigits),
  sequence(text("\\u"), oneOf("dD"), oneOf("01234567"), twoDigits),
  sequence(
    text("\\u"),
    oneOf("dD"),
    oneOf("89abAB"),
    twoDigits,
    text("\\u"),
    oneOf("dD"),
    oneOf("cdefCDEF"),
    twoDigits,
  ),
]);

/** A character of a set as `JSON.stringify` writes it. */
export function stringified(set: Characters): Part {
  const low = both(set, [[0, LAST_ESCAPED]]);
  const own = escaped.filter((code) => low.some(([first, last]) => code >= first && code <= last));
  const written = own.map((code) => JSON.stringify(String.fromCharCode(code)).slice(1, -1));
  const rest = both(set, plain);
  if (written.length === 0) return character(rest);
  return rest.length === 0 ? texts(written) : choice([character(rest), texts(written)]);
}

/** Some characters between quotes. */
const quoted = (inner: Part): Part => sequence(text('"'), inner, text('"'));

/** A string of `least` to `most` characters, with any escapes. */
const stringOfLength = (least: number, most: number): Part =>
  quoted(repeated(least > 1 ? wholeCharacter : jsonCharacter, least, most));

/**
 * A string of `least` to `most` characters that matches each of some expressions as a whole, as `JSON.stringify` writes it. Null if it takes
 * too many states.
 */
function stringMatching(regexes: readonly Regex[], least: number, most: number): Part | null {
  const part = countedMatch(regexes, stringified, least, most);
  return part === null ? null : quoted(part);
}

/** How strings are written, and null beside them. */
export interface TextStyle {
  /** A string of `least` to `most` characters. */
  readonly ofLength: (least: number, most: number) => Part;
  /** One that matches each of some expressions as a whole; null if it takes too many states. */
  readonly matching: (regexes: readonly Regex[], least: number, most: number) => Part | null;
  /** A listed value; null for one that cannot be written. */
  readonly written: (value: unknown) => string | null;
}

/** Texts as JSON writes them. */
export const jsonTexts: TextStyle = {
  ofLength: stringOfLength,
  matching: stringMatching,
  written: (value) => JSON.stringify(value),
};

const anyText: Regex = { kind: "repeat", item: { kind: "set", set: anyCharacter }, least: 0, most: Infinity };

/** Largest length that is counted together with what may begin `end`: each count of it takes some fifty states. */
const MOST_COUNTED = 64;

/**
 * Strings as they are, without quotes and escapes, that `end` follows: they do not contain it.
 * @param end its first character is in it once
 */
export function rawTexts(end: string): TextStyle {
  const first = end.codePointAt(0)!;
  const rules = new Map<string, Rule>();
  const ofLength = (least: number, most: number) => {
    const limit = most === Infinity ? least : most;
    // Beyond, the first character of `end` is left out.
    if (limit > MOST_COUNTED) return repeated(character(others([[first, first]])), least, most);
    return countedMatch([anyText], character, least, most, end)!;
  };
  return {
    ofLength(least, most) {
      // Strings of the same lengths share their states.
      const key = `${least},${most}`;
      const rule = rules.get(key) ?? { name: "a string", part: () => ofLength(least, most) };
      rules.set(key, rule);
      return reference(rule);
    },
    matching(regexes, least, most) {
      const mayEnd = regexes.every((regex) => mayContain(regex, first));
      return countedMatch(regexes, character, least, most, mayEnd ? end : "");
    },
    written: (value) => {
      if (typeof value === "string") return value.includes(end) ? null : value;
      return JSON.stringify(value);
    },
  };
}

const has = (set: Characters, code: number) => set.some(([low, high]) => code >= low && code <= high);

/** Whether a text that matches may have a character. */
function mayContain(regex: Regex, code: number): boolean {
  if (regex.kind === "set") return has(regex.set, code);
  return regex.kind === "repeat" ? mayContain(regex.item, code) : regex.items.some((item) => mayContain(item, code));
}
