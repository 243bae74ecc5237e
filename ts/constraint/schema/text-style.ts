import type { Part } from "../part.js";
import type { Regex } from "../regex/syntax.js";
import { repeated } from "../parts.js";
import { countedMatch } from "../regex/counted-match.js";
import { jsonCharacter, quoted, stringified, wholeCharacter } from "./strings.js";

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

/** As JSON. */
export const jsonTexts: TextStyle = {
  ofLength: stringOfLength,
  matching: stringMatching,
  written: (value) => JSON.stringify(value),
};
