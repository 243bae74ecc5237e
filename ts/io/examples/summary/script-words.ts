/** The distinguished scripts, by their Unicode names; letters of others are "other". */
const NAMES = [
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Han",
  "Kana",
  "Hangul",
  "Thai",
  "Bengali",
  "Tamil",
  "Telugu",
  "Gujarati",
  "Gurmukhi",
  "Kannada",
  "Malayalam",
  "Sinhala",
  "Georgian",
  "Armenian",
  "Ethiopic",
  "Khmer",
  "Lao",
  "Myanmar",
  "other",
] as const;

/** A script by its Unicode name; "Kana" is Hiragana and Katakana. */
export type Script = (typeof NAMES)[number];

const patterns = NAMES.slice(0, -1).map((name): [Script, RegExp] => [
  name,
  new RegExp(name === "Kana" ? "[\\p{Script=Hiragana}\\p{Script=Katakana}ー]" : `\\p{Script=${name}}`, "u"),
]);

/** Cache: script by code point. */
const met = new Map<number, Script>();

function scriptOf(letter: string): Script {
  const code = letter.codePointAt(0)!;
  let script = met.get(code);
  if (script === undefined) {
    script = patterns.find(([, pattern]) => pattern.test(letter))?.[0] ?? "other";
    met.set(code, script);
  }
  return script;
}

/** Characters of a text to examine. */
const LOOKED_AT = 1000;
/** Not words of a language: addresses, code, names with digits. */
const NO_WORD = /[\d_@#/\\=<>{}()[\]$%^*|~`]|\p{Ll}\p{Lu}|[.:&]\p{L}/u;
const LETTERS = /[\p{L}\p{M}]+/gu;

/** Words of one script in a text, joined by spaces. */
export interface ScriptWords {
  /** Number of letters without combining marks. */
  letters: number;
  text: string;
}

/** The words at the beginning of a text, by script. */
export function scriptWords(text: string): Map<Script, ScriptWords> {
  const found = new Map<Script, ScriptWords>();
  for (const chunk of text.slice(0, LOOKED_AT).split(/\s+/)) {
    if (NO_WORD.test(chunk)) continue;
    for (const [word] of chunk.matchAll(LETTERS)) {
      let last: Script | null = null;
      for (const letter of word) {
        const isMark = /\p{M}/u.test(letter);
        const script: Script = isMark && last !== null ? last : scriptOf(letter);
        let words = found.get(script);
        if (words === undefined) found.set(script, (words = { letters: 0, text: "" }));
        words.text += script === last || words.text === "" ? letter : ` ${letter}`;
        if (!isMark) words.letters++;
        last = script;
      }
    }
  }
  return found;
}
