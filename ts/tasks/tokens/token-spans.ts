import type { TokensInText } from "../../tokenize/text-tokenizer.js";
import { classLoss, classProbabilities } from "../../train/metrics/class-scores.js";
import {
  type EntityCounts,
  entityCounts,
  type EntityMetrics,
  entityMetrics,
  TagScheme,
} from "../../train/metrics/entities.js";
import {
  type AskedText,
  CUT,
  firstTokens,
  type LabelledText,
  type Stretch,
  type Word,
  wordsIn,
} from "./token-examples.js";

/** A labelled span of a text. */
export interface TokenSpan<Label extends string = string> {
  /** The label; without its prefix ("B-", "I-", …) where tokens or words were joined. */
  readonly label: Label;
  /** Probability of the label, 0 to 1; of several tokens or words their mean, of a word that of its first token. */
  readonly probability: number;
  /** First character, in UTF-16 units. */
  readonly start: number;
  /** The character after the last. */
  readonly end: number;
  /** `text.slice(start, end)` */
  readonly text: string;
}

/** Labels that spans may have: those of the classes, and the same without a prefix that says where an entity begins or ends. */
export type SpanLabel<Label extends string> =
  Label | (Label extends `${"B" | "I" | "E" | "S" | "L" | "U"}-${infer Name}` ? Name : never);

/** How labels of tokens become spans; see `TokenClassifyOptions`. */
export const aggregations = ["first", "simple", "none"] as const;
export type Aggregation = (typeof aggregations)[number];

/** A text's tokens with their logits. */
export interface TokenScores extends TokensInText {
  /** `[tokens, classes]`, special ones included. */
  readonly logits: Float32Array;
}

type Labelled = Omit<TokenSpan, "text">;

/** Labelled spans of text number `i`. Throws `NonFiniteError` for logits that are NaN or infinite. */
export function spansOf(
  asked: AskedText,
  labels: readonly string[],
  scores: TokenScores,
  aggregation: Aggregation,
  i: number,
): TokenSpan[] {
  const { text, words } = asked;
  const byWord = aggregation === "first" || (aggregation === "none" && words !== null);
  const parts = byWord
    ? wordsOf(asked, labels, scores, i).filter((word) => word !== null)
    : tokensOf(labels, scores, i);
  return aggregation === "none"
    ? parts.map((part) => ({ ...part, text: text.slice(part.start, part.end) }))
    : together(text, parts, labels);
}

/** Each word with the label of its first token, as in training; null for a word that was truncated, or has no token. */
export function wordsOf(
  { text, words }: AskedText,
  labels: readonly string[],
  scores: TokenScores,
  i: number,
): (Labelled | null)[] {
  const { first, offsets } = scores;
  const places = words ?? wordsUpTo(text, offsets.at(-1) ?? 0);
  const tokens = firstTokens(scores, Infinity, { text, words: places }, i);
  return places.map(({ start, end }, w) => {
    const token = tokens[w]!;
    if (token < 0) return null;
    // A token may extend over words that have no token.
    const last = words === null ? Math.max(end, offsets[2 * (token - first) + 1]!) : end;
    return { ...best(labels, scores, token, i), start, end: last };
  });
}

/** Number of words that begin before a position. */
function wordsUpTo(text: string, end: number): Stretch[] {
  const found: Stretch[] = [];
  for (const word of wordsIn(text, 0, text.length)) {
    if (word.start >= end) break;
    found.push(word);
  }
  return found;
}

function tokensOf(labels: readonly string[], scores: TokenScores, i: number): Labelled[] {
  const { first, offsets } = scores;
  return Array.from({ length: offsets.length / 2 }, (_, t) => {
    const [start, end] = [offsets[2 * t]!, offsets[2 * t + 1]!];
    return { ...best(labels, scores, first + t, i), start, end };
  });
}

function best(labels: readonly string[], { logits }: TokenScores, token: number, i: number) {
  const row = logits.subarray(token * labels.length, (token + 1) * labels.length);
  const { probabilities, best } = classProbabilities(row, `text ${i}`);
  return { label: labels[best]!, probability: probabilities[best]! };
}

/** Neighbours with the same label as one span; "O" is omitted. */
export function together(text: string, parts: readonly Labelled[], labels: readonly string[]): TokenSpan[] {
  const scheme = new TagScheme(labels);
  const groups: Labelled[][] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    const { begins, name } = scheme.parts(part.label);
    const before = last && scheme.parts(last.at(-1)!.label);
    if (last === undefined || begins || before!.ends || before!.name !== name) groups.push([part]);
    else last.push(part);
  }
  return groups.flatMap((group) => {
    const { name } = scheme.parts(group[0]!.label);
    if (name === "O") return [];
    const probability = group.reduce((sum, one) => sum + one.probability, 0) / group.length;
    const whole = text.slice(group[0]!.start, group.at(-1)!.end);
    // A token may be only white space.
    const start = group[0]!.start + whole.length - whole.trimStart().length;
    const own = whole.trim();
    return [{ label: name, probability, start, end: start + own.length, text: own }];
  });
}

/** Scores of a token classifier on words, each by its first token. Entities are counted as in seqeval. */
export interface TokenMetrics extends EntityMetrics {
  /** Number of words with a label. */
  readonly count: number;
  /** Number of these beyond the maximum length: they count as wrong, and their entities as not found. */
  readonly cut: number;
  /** Share of words with the right label, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy of the words within the maximum length. */
  readonly loss: number;
}

/** A measurement, with counts for each example. */
export interface MeasuredTokens {
  readonly metrics: TokenMetrics;
  readonly entities: readonly EntityCounts[];
  /** The measured words of each example, with their labels and the predicted ones. */
  readonly words: readonly (readonly MeasuredWord[])[];
}

/** A measured word. */
export interface MeasuredWord {
  readonly word: Word;
  readonly target: string;
  readonly predicted: string;
}

/** Measures predictions of examples. Throws `NonFiniteError` for logits that are NaN or infinite. */
export function tokenMetrics(
  labels: readonly string[],
  examples: readonly LabelledText[],
  scores: readonly TokenScores[],
  maxTokens: number,
  strict: boolean,
): MeasuredTokens {
  let [count, cut, hits, loss] = [0, 0, 0, 0];
  const words: MeasuredWord[][] = [];
  examples.forEach((example, i) => {
    const own = scores[i]!;
    const tokens = firstTokens(own, maxTokens, example, i);
    const measured: MeasuredWord[] = [];
    example.words.forEach((word, w) => {
      const { target } = word;
      const token = tokens[w]!;
      if (target < 0 || (token < 0 && token !== CUT)) return;
      count++;
      const add = (predicted: string) => measured.push({ word, target: labels[target]!, predicted });
      if (token === CUT) {
        cut++;
        add("O");
        return;
      }
      const row = own.logits.subarray(token * labels.length, (token + 1) * labels.length);
      const one = classLoss(row, target, `example ${i}`);
      loss += one.loss;
      if (one.best === target) hits++;
      add(labels[one.best]!);
    });
    words.push(measured);
  });
  const right = words.map((of) => of.map(({ target }) => target));
  const predicted = words.map((of) => of.map((word) => word.predicted));
  const counting = { strict, scheme: new TagScheme(labels) };
  const counts = { count, cut, accuracy: hits / count, loss: loss / (count - cut) };
  return {
    metrics: { ...entityMetrics(right, predicted, counting), ...counts },
    entities: entityCounts(right, predicted, counting),
    words,
  };
}
