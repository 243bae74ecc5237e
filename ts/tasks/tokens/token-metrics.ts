import {
  type EntityCounts,
  entityCounts,
  type EntityMetrics,
  entityMetrics,
  TagScheme,
} from "../../train/metrics/entities.js";
import { classLoss } from "../../train/metrics/class-probabilities.js";
import { CUT, firstTokens, type LabelledText, type Word } from "./token-examples.js";
import type { TokenScores } from "./token-spans.js";

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
