import { listFrom } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { takeTexts } from "../../models/sentence/infer-options.js";

/** A range of a text: `text.slice(start, end)`, in UTF-16 units. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Scripts without spaces between words. */
const UNSPACED = ["Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar"]
  .map((name) => `\\p{Script=${name}}`)
  .join("");

const WORD = new RegExp(
  String.raw`[${UNSPACED}]\p{M}*|(?:(?![${UNSPACED}])[\p{L}\p{N}\p{M}])+|[^\s\p{L}\p{N}\p{M}]`,
  "gu",
);

/**
 * Words of a range of a text, in order: runs of letters, digits and their marks, and every other character alone. In scripts without
 * spaces, such as Chinese and Thai, each letter is a word.
 */
export function* wordsIn(text: string, from: number, to: number): Generator<Stretch> {
  for (const { 0: word, index } of text.slice(from, to).matchAll(WORD))
    yield { start: from + index, end: from + index + word.length };
}

/** Words joined by spaces, and the range of each. */
export function joinedWords(words: readonly string[]): { readonly text: string; readonly words: readonly Stretch[] } {
  let at = 0;
  const places = words.map((word) => {
    const start = at;
    at += word.length + 1;
    return { start, end: start + word.length };
  });
  return { text: words.join(" "), words: places };
}

/** A text to label. */
export interface AskedText {
  readonly text: string;
  /** Words if the caller passed them; null to find them in the text. */
  readonly words: readonly Stretch[] | null;
}

/** Checked copies of texts, and of words with a space between them. */
export function takeAsked(what: string, texts: readonly (string | readonly string[])[]): AskedText[] {
  const expected = `${what}: a list of texts is expected, each a string or a list of its words`;
  // The message for a single text says what to write instead.
  if (typeof texts === "string") takeTexts(what, texts);
  return listFrom(expected, texts, (one, i): AskedText => {
    if (typeof one === "string") return { text: one, words: null };
    const fail = (problem: string, value: unknown) =>
      new ConfigError(`${what}: texts: ${problem} ${excerpt(value)}`, { op: what, option: "texts", value, place: i });
    if (!Array.isArray(one)) throw fail(`each is a string or a list of words, number ${i} is`, one);
    const words = listFrom(expected, one as readonly unknown[], (word, w) => {
      if (typeof word === "string" && word.trim() !== "") return word;
      throw fail(`of number ${i}, word ${w} is a string that is not empty, got`, word);
    });
    return joinedWords(words);
  });
}
