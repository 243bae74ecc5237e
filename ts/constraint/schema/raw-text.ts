import { anyCharacter, type Characters, others } from "../characters.js";
import type { Part, Rule } from "../part.js";
import { character, reference, repeated } from "../parts.js";
import { countedMatch, TooManyStates } from "../regex/counted-match.js";
import { lengthsOf, matching } from "../regex/regex-part.js";
import type { Regex } from "../regex/syntax.js";
import type { TextStyle } from "./text-style.js";

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
    return countedMatch(anyText, character, least, most, end);
  };
  return {
    ofLength(least, most) {
      // Strings of the same lengths share their states.
      const key = `${least},${most}`;
      const rule = rules.get(key) ?? { name: "a string", part: () => ofLength(least, most) };
      rules.set(key, rule);
      return reference(rule);
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
