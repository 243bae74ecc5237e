import type { Tokenizer } from "@huggingface/tokenizers";
import { isJsonObject, type Json } from "../io/json.js";
import { atOnce, type Steps } from "../waiting/steps.js";
import type { JsonObject } from "./checks.js";
import {
  bertNormalizer,
  bertWords,
  lowercase,
  matches,
  type Normalize,
  punctuation,
  SPACE,
  type Split,
  type StepField,
  WORD,
} from "./bert-steps.js";
import { precompiled } from "./precompiled.js";

// Steps in which the library differs from the tokenizers in Rust that models are trained with, as those take them. White space
// is Unicode's: JavaScript's `\s` has the byte order mark too, and lacks the next line.

function strip(left: boolean, right: boolean): Normalize {
  const isSpace = (unit: string | undefined) => unit !== undefined && /\p{White_Space}/u.test(unit);
  return (text) => {
    let [start, end] = [0, text.length];
    while (left && isSpace(text[start])) start++;
    while (right && end > start && isSpace(text[end - 1])) end--;
    return text.slice(start, end);
  };
}

const normalizers: Readonly<Record<string, (field: StepField) => Normalize>> = {
  BertNormalizer: bertNormalizer,
  Lowercase: () => lowercase,
  Strip: (field) => strip(field("strip_left") === true, field("strip_right") === true),
};

const splits: Readonly<Record<string, (field: StepField) => Split>> = {
  BertPreTokenizer: () => bertWords,
  Digits: (field) => matches(field("individual_digits") === true ? "\\P{N}+|\\p{N}" : "\\P{N}+|\\p{N}+"),
  Punctuation: (field) => matches(punctuation[(field("behavior") ?? "Isolated") as keyof typeof punctuation]),
  Whitespace: () => matches(`[${WORD}]+|[^${WORD}${SPACE}]+`),
  WhitespaceSplit: () => matches(`[^${SPACE}]+`),
};

/** Words of a Metaspace: each begins with the sign for a space, unless the file wants a text as one. */
function spacedWords(field: StepField): Split | null {
  const sign = field("replacement") ?? "▁";
  if (field("split") === false || typeof sign !== "string" || sign === "") return null;
  const escaped = sign.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return matches(`${escaped}(?:(?!${escaped})[^])*|(?:(?!${escaped})[^])+`);
}

/** GPT-2's words. */
export const byteLevelPattern = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACE}\\p{L}\\p{N}]+|${SPACE}+(?![^${SPACE}])|${SPACE}+`,
  "gu",
);

/** A normalizer of the library. */
export interface NormalizerStep {
  normalize: Normalize;
  /** Normalises in steps, where it takes long. */
  normalizeSteps?: (text: string) => Steps<string>;
  readonly normalizers?: readonly NormalizerStep[];
}

/** The members of the library's step that are changed here. */
interface Step extends NormalizerStep {
  pre_tokenize_text: (text: string, options?: object) => string[];
  pattern: RegExp;
  readonly normalizers?: readonly Step[];
  readonly tokenizers?: readonly Step[];
}

/** Makes a tokenizer of the library, from these parts of a checked file, work as the Rust tokenizer does. */
export function useRustSteps(tokenizer: Tokenizer, { normalizer, pre_tokenizer }: JsonObject): void {
  each(normalizer, tokenizer.normalizer as Step | null, "normalizers", (type, field, step) => {
    if (Object.hasOwn(normalizers, type)) step.normalize = normalizers[type]!(field);
    const charsmap = type === "Precompiled" ? field("precompiled_charsmap") : null;
    if (typeof charsmap !== "string" || charsmap === "") return;
    const steps = precompiled(charsmap);
    step.normalizeSteps = steps;
    step.normalize = (text) => atOnce(steps(text));
  });
  each(pre_tokenizer, tokenizer.pre_tokenizer, "pretokenizers", (type, field, step) => {
    if (Object.hasOwn(splits, type)) step.pre_tokenize_text = splits[type]!(field);
    const words = type === "Metaspace" ? spacedWords(field) : null;
    if (words !== null) {
      const whole = step.pre_tokenize_text.bind(step);
      step.pre_tokenize_text = (text, options) => whole(text, options).flatMap(words);
    }
    if (type === "ByteLevel") step.pattern = byteLevelPattern;
    if (type === "Sequence") step.pre_tokenize_text = (text, options) => inTurn(step.tokenizers!, text, options);
    if (type === "Split" && field("invert") === true)
      step.pre_tokenize_text = (text) => splitInverted(text, step.pattern, field("behavior"));
  });
}

/** Words that steps part a text into, one after another. Only the word at the text's very beginning may be treated as its first. */
function inTurn(steps: readonly Step[], text: string, options: object | undefined): string[] {
  const inside = { ...options, section_index: 1 };
  return steps.reduce<string[]>(
    (words, step) =>
      words.flatMap((word, i) => step.pre_tokenize_text(word, i === 0 && text.startsWith(word) ? options : inside)),
    [text],
  );
}

/** Every step, those of sequences too. */
function each(
  json: Json | undefined,
  step: Step | null,
  list: "normalizers" | "pretokenizers",
  use: (type: string, field: StepField, step: Step) => void,
): void {
  if (!isJsonObject(json) || step === null) return;
  const type = json["type"] as string;
  use(type, (name) => json[name], step);
  if (type !== "Sequence") return;
  const steps = (list === "normalizers" ? step.normalizers : step.tokenizers)!;
  (json[list] as readonly Json[]).forEach((item, i) => each(item, steps[i]!, list, use));
}

/**
 * Splits a text where a pattern does not match: a Split step with `invert` applies its `behavior` to the text between matches. The library
 * always removes that text.
 * @param pattern with the flag "g"
 */
function splitInverted(text: string, pattern: RegExp, behavior: Json | undefined): string[] {
  const parts: { readonly text: string; readonly isGap: boolean }[] = [];
  let start = 0;
  const gap = (end: number) => {
    if (end > start) parts.push({ text: text.slice(start, end), isGap: true });
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (match === "") continue;
    gap(index);
    start = index + match.length;
    parts.push({ text: match, isGap: false });
  }
  gap(text.length);

  const words: string[] = [];
  let before: boolean | null = null;
  for (const { text: word, isGap } of parts) {
    if (isGap && behavior === "Removed") continue;
    const joins =
      (behavior === "Contiguous" && before === isGap) ||
      (behavior === "MergedWithPrevious" && isGap && before !== null) ||
      (behavior === "MergedWithNext" && before === true);
    if (joins) words[words.length - 1]! += word;
    else words.push(word);
    before = isGap;
  }
  return words;
}
