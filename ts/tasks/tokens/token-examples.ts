import { isRecord, listFrom } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { takeTexts } from "../../models/sentence/encoder-options.js";
import type { TextTokenizer, TokensInText } from "../../tokenize/text-tokenizer.js";
import { TagScheme } from "../../train/metrics/entities.js";
import type { Steps } from "../../waiting/next-task.js";

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
function joinedWords(words: readonly string[]): { readonly text: string; readonly words: readonly Stretch[] } {
  let at = 0;
  const places = words.map((word) => {
    const start = at;
    at += word.length + 1;
    return { start, end: start + word.length };
  });
  return { text: words.join(" "), words: places };
}

const isClass = (index: number | undefined) => index !== undefined;

/** Classes by their labels. */
export class LabelIndex {
  private readonly byName: ReadonlyMap<string, number>;
  private readonly scheme: TagScheme;

  constructor(private readonly labels: readonly string[]) {
    this.byName = new Map(labels.map((label, i) => [label, i]));
    this.scheme = new TagScheme(labels);
  }

  /** Class of a label of example number `i`. Throws `ConfigError` for an unknown label. */
  of(label: string, i: number): number {
    const index = this.byName.get(label);
    if (index !== undefined) return index;
    throw new ConfigError(`example ${i}: label ${excerpt(label)} is not one of ${excerpt(this.labels)}`, {
      label,
      place: i,
    });
  }

  /**
   * Class of word number `w` of an entity's `count` words: its label with "B-" or "I-" if the classifier has those, otherwise the label
   * itself. The last word has "E-" or "L-", a single word "S-" or "U-", if the classifier has those. Throws `ConfigError` if it has none of
   * them.
   */
  entity(label: string, i: number): (w: number, count: number) => number {
    const [first, rest, plain] = [`B-${label}`, `I-${label}`, label].map((name) => this.byName.get(name));
    const [last, alone] = ["EL", "SU"].map((places) =>
      this.scheme.marksEnds
        ? [...places].map((place) => this.byName.get(`${place}-${label}`)).find(isClass)
        : undefined,
    );
    const inside = rest ?? plain ?? (last === undefined ? undefined : first);
    const begin = first ?? inside;
    if (begin !== undefined && inside !== undefined)
      return (w, count) => (count === 1 ? alone : w === count - 1 ? last : undefined) ?? (w === 0 ? begin : inside);
    throw new ConfigError(
      `example ${i}: for the entity ${excerpt(label)} the classifier needs the labels ${excerpt([`B-${label}`, `I-${label}`])}; it has ${excerpt(this.labels)}`,
      { label, place: i },
    );
  }
}

/** Words with one label each. The text is the words joined by spaces. */
export interface LabelledWords {
  /** The words, none of them empty. */
  readonly words: readonly string[];
  /** One label for each word; null for words to ignore (PyTorch's −100). */
  readonly labels: readonly (string | null)[];
}

/** A text and its entities. */
export interface LabelledSpans {
  /** The text. */
  readonly text: string;
  /** Spans that do not overlap: `text.slice(start, end)`, in UTF-16 units. Labels are without "B-" and "I-". */
  readonly entities: readonly { readonly start: number; readonly end: number; readonly label: string }[];
}

/** An example for a token classifier. */
export type TokenExample = LabelledWords | LabelledSpans;

/** A word of an example. */
export interface Word extends Stretch {
  /** Class of its label; −1 for none. */
  readonly target: number;
  /** Whether an entity begins with it; it must then begin a token. */
  readonly begins: boolean;
}

/** A checked example. */
export interface LabelledText {
  readonly text: string;
  /** Words in the order of the text. */
  readonly words: readonly Word[];
}

const expected = "{ words, labels } of two lists, or { text, entities: [{ start, end, label }] }, is expected";

const fail = (i: number, problem: string, details: Record<string, unknown> = {}) =>
  new ConfigError(`example ${i}: ${problem}`, { option: "examples", place: i, ...details });

/** Checked copies of examples. Throws `ConfigError` for invalid ones, for unknown labels, and for one without labels. */
export function takeTokenExamples(what: string, examples: readonly TokenExample[], labels: LabelIndex): LabelledText[] {
  return listFrom(`${what}: a list of examples is expected`, examples, (example, i) => {
    if (!isRecord(example)) throw fail(i, `${expected}, got ${excerpt(example)}`, { expected, value: example });
    const { words, labels: own, text, entities } = example as Partial<LabelledWords & LabelledSpans>;
    const taken =
      Array.isArray(words) && Array.isArray(own)
        ? ofWords(i, words, own, labels)
        : typeof text === "string" && Array.isArray(entities)
          ? ofSpans(i, text, entities, labels)
          : null;
    if (taken === null) throw fail(i, `${expected}, got ${excerpt(example)}`, { expected, value: example });
    if (taken.words.some(({ target }) => target >= 0)) return taken;
    throw fail(i, "it has no labelled word; remove it");
  });
}

function ofWords(i: number, words: readonly unknown[], given: readonly unknown[], labels: LabelIndex): LabelledText {
  if (words.length !== given.length)
    throw fail(i, `a label for each word is expected, got ${words.length} words and ${given.length} labels`, {
      expected: words.length,
      actual: given.length,
    });
  const targets: number[] = [];
  for (let w = 0; w < words.length; w++) {
    const [word, label] = [words[w], given[w]];
    if (typeof word !== "string" || word.trim() === "")
      throw fail(i, `word ${w} is a text that is not empty, got ${excerpt(word)}`, { value: word });
    if (typeof label !== "string" && label !== null)
      throw fail(i, `label ${w} is a name or null, got ${excerpt(label)}`, { value: label });
    targets.push(label === null ? -1 : labels.of(label, i));
  }
  const { text, words: places } = joinedWords(words as readonly string[]);
  return { text, words: places.map((place, w) => ({ ...place, target: targets[w]!, begins: false })) };
}

interface Entity {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

function ofSpans(i: number, text: string, entities: readonly unknown[], labels: LabelIndex): LabelledText {
  const taken = listFrom("", entities, (given, e): Entity => {
    const { start, end, label } = Object(given) as Partial<Entity>;
    const fits = Number.isSafeInteger(start) && Number.isSafeInteger(end) && typeof label === "string";
    if (fits && start! >= 0 && end! <= text.length && /\S/.test(text.slice(start, end)))
      return { start: start!, end: end!, label };
    throw fail(
      i,
      `entity ${e} is { start, end, label }, a label and a non-empty range of the text's ${text.length} characters, got ${excerpt(given)}`,
      { value: given },
    );
  }).sort((a, b) => a.start - b.start);
  taken.forEach((entity, e) => {
    const before = taken[e - 1];
    if (before === undefined || before.end <= entity.start) return;
    throw fail(i, `entities ${excerpt(before)} and ${excerpt(entity)} overlap; a token has one label`);
  });
  const outside = labels.of("O", i);
  const words: Word[] = [];
  let done = 0;
  for (const { start, end, label } of taken) {
    words.push(...labelledIn(text, done, start, () => outside));
    words.push(...labelledIn(text, start, end, labels.entity(label, i), true));
    done = end;
  }
  words.push(...labelledIn(text, done, text.length, () => outside));
  return { text, words };
}

/** Words of a range of a text, each with its class; the first word of an entity begins it. */
function labelledIn(
  text: string,
  from: number,
  to: number,
  targetOf: (w: number, count: number) => number,
  entity = false,
): Word[] {
  const places = Array.from(wordsIn(text, from, to));
  return places.map((place, w) => ({ ...place, target: targetOf(w, places.length), begins: entity && w === 0 }));
}

/** An example's tokens, and the token of each word. */
interface AlignedText {
  readonly ids: Int32Array;
  /**
   * Index of each word's first token, special tokens included; −1 if the text was truncated before the word, −2 if the word has no token.
   */
  readonly tokens: Int32Array;
}

/** The value in place of a token where the text was truncated before the word, or the word has no token. */
export const CUT = -1;
const NONE = -2;

/**
 * Finds, in steps, the first token of each word: the one that begins in it, or in the white space before it. Throws `ConfigError` if an entity
 * begins in the middle of a token.
 */
export function* aligned(tokenizer: TextTokenizer, example: LabelledText, i: number): Steps<AlignedText> {
  const inText = yield* tokenizer.offsetSteps(example.text);
  return { ids: inText.ids, tokens: firstTokens(inText, tokenizer.maxTokens, example, i) };
}

/** A word; in a prediction it begins no known entity. */
type AlignedWord = Pick<Word, "start" | "end"> & Partial<Pick<Word, "begins">>;

/** First tokens of words, from tokens that are known. */
export function firstTokens(
  { ids, first, offsets }: TokensInText,
  maxTokens: number,
  { text, words }: { readonly text: string; readonly words: readonly AlignedWord[] },
  i: number,
): Int32Array {
  const tokens = new Int32Array(words.length).fill(CUT);
  let word = 0;
  for (let t = 0; t < offsets.length / 2; t++) {
    const start = offsets[2 * t]!;
    let next = word;
    while (next < words.length && words[next]!.end <= start) next++;
    // Words between two tokens have no token; words after the last one were truncated.
    for (; word < next; word++) if (tokens[word]! < 0) tokens[word] = NONE;
    if (word < words.length && tokens[word] === CUT) tokens[word] = first + t;
  }
  const end = ids.length < maxTokens ? text.length : (offsets.at(-1) ?? 0);
  for (let w = word; w < words.length && words[w]!.start < end; w++) if (tokens[w] === CUT) tokens[w] = NONE;
  words.forEach(({ start, begins }, w) => {
    if (!begins || tokens[w] !== NONE) return;
    throw new ConfigError(
      `example ${i}: the entity at ${start}, ${excerpt(text.slice(start, start + 20))}, begins in the middle of a token; move its start or remove the entity`,
      { option: "examples", place: i, value: start },
    );
  });
  return tokens;
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
