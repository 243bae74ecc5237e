import { listFrom } from "../../arguments/collections.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { takeTexts } from "../../models/sentence/infer-options.js";
import { joinedWords, type Stretch } from "./words-in-text.js";

/** A text to label. */
export interface AskedText {
  readonly text: string;
  /** Its words if the caller passed them; null to find them in the text. */
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
