import type { Json } from "../io/json.js";

/** Which characters a normalizer takes away, and which it surrounds with spaces. */
export interface CondenseRules {
  /** Combining marks (Mn) are removed. */
  readonly stripsMarks: boolean;
  /** Control and format characters are removed. */
  readonly cleans: boolean;
  /** Each Chinese character is a word. */
  readonly splitsChinese: boolean;
  /** Words longer than this many characters are unknown as a whole. */
  readonly longestWord: number;
}

/** Number of removed characters of a run to keep, so that it still separates its neighbours. */
const KEPT = 32;

enum Kind {
  /** Ends words, or may. */
  Other = 1,
  /** Characters that are always removed. */
  Vanishing,
  /** Part of a word; may be removed or not. */
  Mark,
  /** Belongs to a word and stays at least one character. */
  Letter,
}

/** The characters that BertNormalizer surrounds with spaces, for a set of an expression with the flag u. */
export const CHINESE =
  "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff" +
  "\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b81f}\\u{2b920}-\\u{2ceaf}\\u{2f800}-\\u{2fa1f}";
const isChinese = new RegExp(`[${CHINESE}]`, "u");

function kindOf(character: string, rules: CondenseRules): Kind {
  if (/^[a-z0-9]/i.test(character)) return Kind.Letter;
  if (rules.stripsMarks && /\p{Mn}/u.test(character)) return Kind.Vanishing;
  if (rules.cleans && /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\ufffd]/u.test(character))
    return /[\t\n\r]/.test(character) ? Kind.Other : Kind.Vanishing;
  if (rules.splitsChinese && isChinese.test(character)) return Kind.Other;
  if (/\p{M}/u.test(character)) return Kind.Mark;
  // With its parts, since "≠" decomposes into "=" and a stroke, and "=" is a word.
  return /[\s\x85\p{P}!-/:-@[-`{-~]/u.test(character + character.normalize("NFD")) ? Kind.Other : Kind.Letter;
}

/**
 * Shortens a text without changing its tokens under BERT's normalizer, splitting and WordPiece, so that their time is in proportion to its
 * length. It shortens runs of characters that are removed anyway (ordering combining marks takes quadratic time), and words that are
 * unknown because of their length.
 */
export function condense(text: string, rules: CondenseRules): string {
  const kinds = new Map<string, Kind>();
  const enough = rules.longestWord + KEPT;
  let result = "";
  let copied = 0;
  const leaveOut = (from: number, to: number) => {
    if (to <= from) return;
    result += text.slice(copied, from);
    copied = to;
  };
  let at = 0;
  /** Letters of the word so far, and the offset where they reached the limit (-1 before). */
  let [letters, unknownFrom] = [0, -1];
  /** Characters of the removed run so far, and the offset where they reached the limit. */
  let [vanishing, vanishingFrom] = [0, 0];

  const endVanishing = () => {
    if (vanishing > KEPT && unknownFrom < 0) leaveOut(vanishingFrom, at);
  };
  const endWord = () => {
    if (unknownFrom >= 0) leaveOut(unknownFrom, at);
    [letters, unknownFrom] = [0, -1];
  };
  for (const character of text) {
    let kind = kinds.get(character);
    if (kind === undefined) kinds.set(character, (kind = kindOf(character, rules)));
    if (kind !== Kind.Vanishing) endVanishing();
    if (kind === Kind.Other) endWord();
    if (kind === Kind.Vanishing) {
      if (++vanishing === KEPT) vanishingFrom = at + character.length;
    } else vanishing = 0;
    if (kind === Kind.Letter) {
      if (++letters === enough) unknownFrom = at + character.length;
    }
    at += character.length;
  }
  endVanishing();
  endWord();
  return result + text.slice(copied);
}

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
