import type { Part } from "../part.js";
import { repeated } from "../parts.js";
import { countedMatch, TooManyStates } from "../regex/counted-match.js";
import { lengthsOf, matching } from "../regex/regex-part.js";
import type { Alternative, Regex } from "../regex/syntax.js";
import { jsonCharacter, quoted, stringified } from "./strings.js";

/** A string of `least` to `most` characters, with any escapes. */
export const stringOfLength = (least: number, most: number): Part => quoted(repeated(jsonCharacter, least, most));

/**
 * A string of `least` to `most` characters that an expression matches as a whole, as `JSON.stringify` writes it. Null if it takes too many
 * states.
 */
export function stringMatching(alternatives: readonly Alternative[], least: number, most: number): Part | null {
  const regex: Regex = { kind: "choice", items: alternatives.map(({ item }) => item) };
  const [low, high] = lengthsOf(regex);
  if (low >= least && high <= most) return quoted(matching(alternatives, stringified));
  try {
    return quoted(countedMatch(regex, stringified, least, most));
  } catch (error) {
    if (error instanceof TooManyStates) return null;
    throw error;
  }
}
