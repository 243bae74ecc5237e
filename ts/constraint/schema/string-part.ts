import type { Part } from "../part.js";
import { repeated } from "../parts.js";
import { countedMatch } from "../regex/counted-match.js";
import type { Regex } from "../regex/syntax.js";
import { jsonCharacter, quoted, stringified, wholeCharacter } from "./strings.js";

/** A string of `least` to `most` characters, with any escapes. */
export const stringOfLength = (least: number, most: number): Part =>
  quoted(repeated(least > 1 ? wholeCharacter : jsonCharacter, least, most));

/**
 * A string of `least` to `most` characters that matches each of some expressions as a whole, as `JSON.stringify` writes it. Null if it takes
 * too many states.
 */
export function stringMatching(regexes: readonly Regex[], least: number, most: number): Part | null {
  const part = countedMatch(regexes, stringified, least, most);
  return part === null ? null : quoted(part);
}
