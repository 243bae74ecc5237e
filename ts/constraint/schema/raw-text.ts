import { anyCharacter, type Characters, others } from "../characters.js";
import type { Part } from "../part.js";
import { character, repeated } from "../parts.js";
import { countedMatch, TooManyStates } from "../regex/counted-match.js";
import { lengthsOf, matching } from "../regex/regex-part.js";
import type { Regex } from "../regex/syntax.js";
import type { TextStyle } from "./text-style.js";

const anyText: Regex = { kind: "repeat", item: { kind: "set", set: anyCharacter }, least: 0, most: Infinity };

/**
 * Strings as they are, without quotes and escapes, that `end` follows: they do not contain it.
 * @param end its first character is in it once
 */
export function rawTexts(end: string): TextStyle {
  const first = end.codePointAt(0)!;
  return {
    ofLength(least, most) {
      // With a limit that is large, the first character of `end` is left out: what precedes each would be a state of its own.
      return counted(anyText, least, most, end) ?? repeated(character(others([[first, first]])), least, most);
    },
    matching(alternatives, least, most) {
      const regex: Regex = { kind: "choice", items: alternatives.map(({ item }) => item) };
      const [low, high] = lengthsOf(regex);
      const isFree = low >= least && high <= most;
      if (mayContain(regex, first)) return counted(regex, isFree ? 0 : least, isFree ? Infinity : most, end);
      return isFree ? matching(alternatives, character) : counted(regex, least, most);
    },
    written: (value) => {
      if (typeof value === "string") return value.includes(end) ? null : value;
      return JSON.stringify(value);
    },
  };
}

/** Null if it takes too many states. */
function counted(regex: Regex, least: number, most: number, without?: string): Part | null {
  try {
    return countedMatch(regex, character, least, most, without);
  } catch (error) {
    if (error instanceof TooManyStates) return null;
    throw error;
  }
}

const has = (set: Characters, code: number) => set.some(([low, high]) => code >= low && code <= high);

/** Whether a text that matches may have a character. */
function mayContain(regex: Regex, code: number): boolean {
  if (regex.kind === "set") return has(regex.set, code);
  return regex.kind === "repeat" ? mayContain(regex.item, code) : regex.items.some((item) => mayContain(item, code));
}
