import { anyCharacter, type Characters, others } from "../characters.js";
import type { Rule } from "../part.js";
import { character, reference, repeated } from "../parts.js";
import { countedMatch } from "../regex/counted-match.js";
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
