import type { Tokenizer } from "@huggingface/tokenizers";
import { isJsonObject, type Json } from "../io/json.js";
import { atOnce, type Steps } from "../waiting/next-task.js";
import type { JsonObject } from "./checks.js";
import {
  bertNormalizer,
  bertWords,
  lowercase,
  matches,
  type Normalize,
  punctuation,
  SPACE,
  spaceEnd,
  spaceStart,
  type StepField,
  WORD,
} from "./bert-steps.js";
import { precompiled } from "./precompiled.js";

// Steps in which the library differs from the tokenizers in Rust that models are trained with, as those take them. White space
// is Unicode's: JavaScript's `\s` has the byte order mark too, and lacks the next line.

function strip(left: boolean, right: boolean): Normalize {
  return (text) => {
    const start = left ? spaceEnd(text, 0) : 0;
    return text.slice(start, right ? spaceStart(text, start, text.length) : text.length);
  };
}

const normalizers: Readonly<Record<string, (field: StepField) => Normalize>> = {
  BertNormalizer: bertNormalizer,
  Lowercase: () => lowercase,
  Prepend: (field) => (text) => (text === "" ? "" : `${(field("prepend") ?? "") as string}${text}`),
  Strip: (field) => strip(field("strip_left") === true, field("strip_right") === true),
};

/** Words of a text; section 0 begins with the whole text's beginning. */
type PreTokenize = (text: string, options?: { readonly section_index?: number }) => string[];

const splits: Readonly<Record<string, (field: StepField) => PreTokenize>> = {
  BertPreTokenizer: () => bertWords,
  FixedLength: (field) => (text) => fixedLengths(text, field("length") as number),
  Digits: (field) => matches(field("individual_digits") === true ? "\\P{N}+|\\p{N}" : "\\P{N}+|\\p{N}+"),
  Metaspace: metaspace,
  Punctuation: (field) => matches(punctuation[(field("behavior") ?? "Isolated") as keyof typeof punctuation]),
  Whitespace: () => matches(`[${WORD}]+|[^${WORD}${SPACE}]+`),
  WhitespaceSplit: () => matches(`[^${SPACE}]+`),
};

/** Words of so many characters. */
function fixedLengths(text: string, length: number): string[] {
  const words: string[] = [];
  let [start, count] = [0, 0];
  for (let end = 0; end < text.length;) {
    end += text.codePointAt(end)! > 0xffff ? 2 : 1;
    if (++count < length && end < text.length) continue;
    words.push(text.slice(start, end));
    [start, count] = [end, 0];
  }
  return words;
}

/** A Metaspace: its words begin with the sign for a space, unless the file wants a text as one. */
function metaspace(field: StepField): PreTokenize {
  const sign = (field("replacement") ?? "▁") as string;
  const written = (field("str_rep") as string | null | undefined) || sign;
  const scheme = field("prepend_scheme") ?? "always";
  const escaped = sign.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  const words =
    field("split") === false || sign === ""
      ? (text: string) => [text]
      : matches(`${escaped}(?:(?!${escaped})[^])*|(?:(?!${escaped})[^])+`);
  return (text, options) => {
    const spaced = text.replaceAll(" ", () => written);
    const prepends = scheme === "always" || (scheme === "first" && options?.section_index === 0);
    return words(prepends && !spaced.startsWith(sign) ? written + spaced : spaced);
  };
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
  pre_tokenize_text: PreTokenize;
  pattern: RegExp;
  readonly normalizers?: readonly Step[];
  readonly tokenizers?: readonly Step[];
}

/** Makes a tokenizer of the library, from these parts of a checked file, work as the Rust tokenizer does. */
export function useRustSteps(tokenizer: Tokenizer, { normalizer, pre_tokenizer }: JsonObject): void {
  each(normalizer, tokenizer.normalizer as Step | null, "normalizers", (type, field, step) => {
    if (Object.hasOwn(normalizers, type)) step.normalize = normalizers[type]!(field);
    if (type === "Replace") step.normalize = (text) => replace(text, step.pattern, field);
    const charsmap = type === "Precompiled" ? field("precompiled_charsmap") : null;
    if (typeof charsmap !== "string" || charsmap === "") return;
    const steps = precompiled(charsmap);
    step.normalizeSteps = steps;
    step.normalize = (text) => atOnce(steps(text));
  });
  each(pre_tokenizer, tokenizer.pre_tokenizer, "pretokenizers", (type, field, step) => {
    if (Object.hasOwn(splits, type)) step.pre_tokenize_text = splits[type]!(field);
    if (type === "ByteLevel") step.pattern = byteLevelPattern;
    if (type === "Sequence") step.pre_tokenize_text = (text, options) => inTurn(step.tokenizers!, text, options);
    if (type === "Replace") step.pre_tokenize_text = (text) => [replace(text, step.pattern, field)];
    const [inverted, behavior] = [field("invert") === true, field("behavior") ?? "Isolated"];
    if (type === "Split" && (inverted || behavior !== "Isolated"))
      step.pre_tokenize_text = (text) => splitAt(text, step.pattern, inverted, behavior as keyof typeof punctuation);
  });
}

/** Words that steps part a text into, one after another. Only the word at the text's very beginning may be treated as its first. */
function inTurn(steps: readonly Step[], text: string, options: Parameters<PreTokenize>[1]): string[] {
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

/** A text with a Replace's content, as it is written there, in place of every match. */
const replace = (text: string, pattern: RegExp, field: StepField) =>
  text.replaceAll(pattern, () => (field("content") ?? "") as string);

/**
 * Splits a text at what a pattern matches, or at the text between with `isInverted`, which the behavior applies to. The library removes it, or
 * makes words of it.
 * @param pattern with the flag "g"
 */
function splitAt(text: string, pattern: RegExp, isInverted: boolean, behavior: keyof typeof punctuation): string[] {
  const words: string[] = [];
  let before: boolean | null = null;
  const add = (word: string, isMatch: boolean) => {
    const isPlace = isMatch !== isInverted;
    if (isPlace && behavior === "Removed") return;
    const joins =
      (behavior === "Contiguous" && before === isPlace) ||
      (behavior === "MergedWithPrevious" && isPlace && before === false) ||
      (behavior === "MergedWithNext" && !isPlace && before === true);
    if (joins) words[words.length - 1]! += word;
    else words.push(word);
    before = isPlace;
  };
  let start = 0;
  for (const { 0: match, index } of text.matchAll(pattern)) {
    if (index > start) add(text.slice(start, index), false);
    start = index + match.length;
    if (match !== "") add(match, true);
  }
  if (start < text.length) add(text.slice(start), false);
  return words;
}
