import type { Json } from "../io/json.js";
import type { Steps } from "../waiting/next-task.js";
import { type JsonObject, stepType } from "./checks.js";
import { spelledOut } from "./known-patterns.js";
import type { WordModel } from "./subword-tokenizer.js";
import { SPACE } from "./bert-steps.js";
import { byteLevelPattern, type NormalizerStep } from "./rust-steps.js";
import { stepsOf } from "./text-steps.js";
import { cutAt, isByteLevel, normalizerPlaces, type Places } from "./text-pieces.js";

// How a text is tokenized that cannot be cut, for example because it has no white space: each step of tokenizer.json in pieces of some
// milliseconds, and no further than tokens are asked for.

/** Characters that are worked on at once. */
const AT_ONCE = 4096;
/** Words that are split at once. */
const WORDS = 1024;

/**
 * Letters and digits that belong to words and that no normalizer changes by the letter beside them: Latin, Cyrillic, Hebrew, Arabic and Thai
 * ones without marks, Japanese and Chinese ones, Korean syllables.
 */
const LETTER =
  "a-zA-Z0-9\u0410-\u044f\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u0e01-\u0e2e\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3";
const betweenLetters = new RegExp(`(?<=[${LETTER}])(?=[${LETTER}])`, "gu");
const letter = new RegExp(`[${LETTER}]`, "u");

/** Normalizers that treat a text in two parts as one, if it is parted between two of those letters. */
const local = ["NFC", "NFD", "NFKC", "NFKD", "StripAccents", "Lowercase", "Precompiled", "Strip"];

function isLocal(step: Json): boolean {
  if (local.includes(stepType(step) as string)) return true;
  if (stepType(step) !== "Replace") return false;
  const { String: text, Regex: regex } = (step as JsonObject)["pattern"] as JsonObject;
  return regex === " {2,}" || (typeof text === "string" && !letter.test(text));
}

const spaced = ["Metaspace", "WhitespaceSplit"];

/** A part of a word. */
interface WordPart {
  readonly text: string;
  readonly ends: boolean;
}

/** The steps of a tokenizer. */
interface LongTextSteps {
  /** tokenizer.json, checked. */
  readonly parts: JsonObject;
  readonly normalizer: NormalizerStep | null;
  /** Words of a normalised text; `isFirst` at the beginning of a text. */
  readonly wordsOf: (text: string, isFirst: boolean) => string[];
  readonly model: WordModel;
}

/** Makes the steps of a tokenizer work on long texts. */
export function longTexts({ parts, normalizer, wordsOf, model }: LongTextSteps) {
  const splits = stepsOf(parts["pre_tokenizer"], "pretokenizers");
  const parted =
    stepsOf(parts["normalizer"], "normalizers").every(isLocal) &&
    splits.every((step) => spaced.includes(stepType(step) as string));
  const pattern = patternOf(splits);
  const places = wordPlaces(splits);
  const normalizers = stepsOf(parts["normalizer"], "normalizers").map(normalizerPlaces);

  /** Words of a normalised text, some at a time. */
  function* someWords(text: string, isFirst: boolean): Generator<string[]> {
    let begins = isFirst;
    for (const some of places === null ? [text] : cutAt(text, places, AT_ONCE)) {
      yield wordsOf(some, begins);
      begins = false;
    }
  }

  /** Parts of the words of a text that is not normalised. */
  function* partsOfRaw(text: string, isFirst: boolean): Generator<WordPart[]> {
    // What comes before each word.
    const { length: before } = wordsOf("a", false)[0]!.slice(0, -1);
    let start = 0;
    for (const chunk of cutAt(text, betweenLetters, AT_ONCE)) {
      const ends = start + chunk.length === text.length;
      const steps = normalizing(normalizer, normalizers, chunk);
      let step = steps.next();
      for (; step.done !== true; step = steps.next()) yield [];
      // Of a word that the chunk cuts off, more may come.
      let waiting: string | null = null;
      let drops = start > 0 ? before : 0;
      for (const words of someWords(step.value, isFirst && start === 0)) {
        const parts: WordPart[] = [];
        for (const word of words) {
          if (waiting !== null) parts.push({ text: waiting, ends: true });
          waiting = word.slice(drops);
          drops = 0;
        }
        yield parts;
      }
      if (waiting !== null) yield [{ text: waiting, ends }];
      start += chunk.length;
    }
  }

  /** Parts of the words of a normalised text. Bytes are spelled alike in any part. */
  function* byteWords(text: string, pattern: RegExp): Generator<WordPart[]> {
    for (const { slice, word } of wordEnds(text, pattern)) {
      const words = wordsOf(slice, false);
      yield word === "parts"
        ? words.map((text) => ({ text, ends: true }))
        : [{ text: words.join(""), ends: word === "end" }];
    }
  }

  /** Tokens of parts of words. */
  function* tokensOf(words: Iterable<readonly WordPart[]>): Generator<readonly string[]> {
    let open: ReturnType<WordModel["long"]> | null = null;
    for (const parts of words) {
      let some: string[] = [];
      for (const { text, ends } of parts) {
        if (open === null && ends && text.length <= AT_ONCE) {
          if (some.push(text) < WORDS) continue;
          yield model.split(some);
          some = [];
          continue;
        }
        if (some.length > 0) yield model.split(some);
        some = [];
        open ??= model.long();
        for (let start = 0; start < text.length;) {
          const slice = sliceOf(text, start);
          start += slice.length;
          yield open(slice, ends && start === text.length);
        }
        if (ends) open = null;
      }
      yield model.split(some);
    }
  }

  return {
    /** Whether a text need not be normalised before its tokens are made, as long as no added tokens are looked for after that. */
    parted,
    normalize: (text: string): Steps<string> => normalizing(normalizer, normalizers, text),
    /** Tokens of a text, some at a time. */
    tokens: (text: string, isFirst: boolean) => tokensOf(partsOfRaw(text, isFirst)),
    /** Tokens of a normalised text. */
    *tokensOfNormalized(text: string, isFirst: boolean): Generator<readonly string[]> {
      yield* tokensOf(pattern === null ? wholeWords(someWords(text, isFirst)) : byteWords(text, pattern));
    },
  };
}

function* wholeWords(some: Iterable<readonly string[]>): Generator<WordPart[]> {
  for (const words of some) yield words.map((text) => ({ text, ends: true }));
}

/** Normalises a text in steps. @param places of the step, or of each of those in it, in order */
function* normalizing(step: NormalizerStep | null, places: readonly Places[], text: string): Steps<string> {
  if (step === null) return text;
  for (const [i, one] of plainSteps(step).entries()) {
    const at = places[i]!;
    if (one.normalizeSteps !== undefined) text = yield* one.normalizeSteps(text);
    else if (at === null) text = one.normalize(text);
    else {
      let made = "";
      for (const piece of cutAt(text, at, AT_ONCE)) {
        made += one.normalize(piece);
        yield;
      }
      text = made;
    }
    yield;
  }
  return text;
}

const plainSteps = (step: NormalizerStep): readonly NormalizerStep[] =>
  step.normalizers === undefined ? [step] : step.normalizers.flatMap(plainSteps);

/** Where a normalised text can be cut so that the words of the pieces are the text's; null for nowhere. */
function wordPlaces([first, second, ...others]: readonly Json[]): Places {
  if (others.length > 0) return null;
  const splitsAtSpace = stepType(first) === "WhitespaceSplit";
  const sign = splitsAtSpace ? second : first;
  if (sign === undefined) return splitsAtSpace ? new RegExp(`[${SPACE}]`, "gu") : null;
  if (stepType(sign) !== "Metaspace" || (!splitsAtSpace && second !== undefined)) return null;
  const { replacement, str_rep, split } = sign as JsonObject;
  // Words begin with the sign, which is put before none that has it.
  const isUsual = (replacement ?? "▁") === "▁" && str_rep === undefined && split !== false;
  if (!splitsAtSpace) return isUsual ? /[ ▁]/g : null;
  return new RegExp(`[${SPACE}${isUsual ? "▁" : ""}]`, "gu");
}

/** The expression that parts a text into words, one after the other, if nothing before a word changes those after it. */
function patternOf(splits: readonly Json[]): RegExp | null {
  if (!isByteLevel(splits)) return null;
  const [first, second] = splits as readonly JsonObject[];
  if ((second ?? first)!["add_prefix_space"] === true) return null;
  if (second === undefined) return byteLevelPattern;
  if (stepType(first) !== "Split") return null;
  const source = (first!["pattern"] as JsonObject)["Regex"] as string;
  return new RegExp(spelledOut(source), "gu");
}

const blank = new RegExp(`^[\\s${SPACE}]+$`, "u");

/**
 * A text in slices that end with a word; one of a long word is a part of it. No slice has two words of white space in a row: at its end, without
 * what comes after it, they would be one.
 */
function* wordEnds(
  text: string,
  pattern: RegExp,
): Generator<{ readonly slice: string; readonly word: "parts" | "part" | "end" }> {
  let start = 0;
  let wasBlank = false;
  for (const { 0: word, index } of text.matchAll(pattern)) {
    const end = index + word.length;
    const isBlank = blank.test(word);
    if (isBlank && wasBlank && index > start) {
      yield { slice: text.slice(start, index), word: "parts" };
      start = index;
    }
    wasBlank = isBlank;
    if (word.length > AT_ONCE) {
      if (index > start) yield { slice: text.slice(start, index), word: "parts" };
      for (start = index; start < end;) {
        const slice = sliceOf(text, start, end);
        start += slice.length;
        yield { slice, word: start < end ? "part" : "end" };
      }
    } else if (end - start >= AT_ONCE) {
      yield { slice: text.slice(start, end), word: "parts" };
      start = end;
    }
  }
  if (start < text.length) yield { slice: text.slice(start), word: "parts" };
}

/** Some of a text from a place on, without the first half of a pair of surrogates at its end. */
function sliceOf(text: string, start: number, most = text.length): string {
  const end = Math.min(most, start + AT_ONCE);
  return text.slice(start, end < most && isPair(text, end - 1) ? end + 1 : end);
}

const isPair = (text: string, at: number) => (text.codePointAt(at) ?? 0) > 0xffff;
