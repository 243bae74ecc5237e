import type { Json } from "../io/json.js";
import { CHINESE } from "./condense.js";

// BERT's steps as the tokenizers in Rust that models are trained with take them. White space is Unicode's: JavaScript's `\s` has the
// byte order mark too, and lacks the next line.

/** Changes a text before words are looked for. */
export type Normalize = (text: string) => string;
/** Cuts a text into words. */
export type Split = (text: string) => string[];
/** A field of a step in tokenizer.json. */
export type StepField = (name: string) => Json | undefined;

const PUNCTUATION = "\\p{P}!-/:-@[-`{-~";
/** White space, for a class of a pattern. */
export const SPACE = "\\p{White_Space}";

const isSpace = (unit: string | undefined) => unit !== undefined && /\p{White_Space}/u.test(unit);

/** The end of the white space that begins at a place of a text. */
export function spaceEnd(text: string, start: number): number {
  while (isSpace(text[start])) start++;
  return start;
}

/** The start of the white space that ends at a place of a text, no further back than `least`. */
export function spaceStart(text: string, least: number, end: number): number {
  while (end > least && isSpace(text[end - 1])) end--;
  return end;
}

/** Characters of words, `\w` of Rust's regular expressions, for a class of a pattern. */
export const WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";

/** The matches of a pattern, in order. */
export function matches(pattern: string): Split {
  const expression = new RegExp(pattern, "gu");
  return (text) => text.match(expression) ?? [];
}

/** Letter by letter: JavaScript looks around a capital sigma for whether it ends a word. No other letter is like that. */
export const lowercase: Normalize = (text) => text.replaceAll("Σ", "σ").toLowerCase();

/** Control, format and private characters go, white space becomes spaces. */
const clean: Normalize = (text) =>
  text.replace(/(?:(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd])+/gu, "").replace(/\p{White_Space}/gu, " ");

const chinese = new RegExp(`[${CHINESE}]`, "gu");

/** BERT's normalizer by its fields. */
export function bertNormalizer(field: StepField): Normalize {
  const isOn = (name: string) => field(name) === true;
  const strips = field("strip_accents") ?? isOn("lowercase");
  return (text) => {
    if (isOn("clean_text")) text = clean(text);
    if (isOn("handle_chinese_chars")) text = text.replace(chinese, " $& ");
    if (strips === true) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
    return isOn("lowercase") ? lowercase(text) : text;
  };
}

/** BERT's words; each punctuation character is one. */
export const bertWords = matches(`[^${SPACE}${PUNCTUATION}]+|[${PUNCTUATION}]`);

/** Punctuation by the `behavior` of the file; default: each character is a word. */
export const punctuation = {
  Isolated: `[^${PUNCTUATION}]+|[${PUNCTUATION}]`,
  Contiguous: `[^${PUNCTUATION}]+|[${PUNCTUATION}]+`,
  Removed: `[^${PUNCTUATION}]+`,
  MergedWithPrevious: `[^${PUNCTUATION}]*[${PUNCTUATION}]|[^${PUNCTUATION}]+`,
  MergedWithNext: `[${PUNCTUATION}][^${PUNCTUATION}]*|[^${PUNCTUATION}]+`,
} as const;

/** The values that a file may have. */
export const punctuationBehaviors = Object.keys(punctuation);
