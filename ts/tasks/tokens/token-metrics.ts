import { type EntityCounts, entityCounts, type EntityMetrics, entityMetrics } from "../../train/metrics/entities.js";
import { TagScheme } from "../../train/metrics/tag-scheme.js";
import { classLoss } from "../../train/metrics/class-probabilities.js";
import { CUT, firstTokens } from "./aligned.js";
import type { LabelledText } from "./token-examples.js";
import type { TokenScores } from "./token-spans.js";

/** How well a classifier of tokens labels words: each by its first token. Entities are counted as seqeval counts them. */
export interface TokenMetrics extends EntityMetrics {
  /** Words with a label that were measured. */
  readonly count: number;
  /** Those of them that stand behind the length that texts are cut to: they count as wrong, and their entities as not found. */
  readonly cut: number;
  /** Share of the words whose label is right, 0 to 1. */
  readonly accuracy: number;
  /** Mean cross entropy of the words that were not cut off. */
  readonly loss: number;
}

/** A measurement, and what it counts in each example. */
export interface MeasuredTokens {
  readonly metrics: TokenMetrics;
  readonly entities: readonly EntityCounts[];
}

/** Measures what was predicted for examples. Throws `NonFiniteError` for logits that give no probabilities. */
export function tokenMetrics(
  labels: readonly string[],
  examples: readonly LabelledText[],
  scores: readonly TokenScores[],
  maxTokens: number,
  strict: boolean,
): MeasuredTokens {
  let [count, cut, hits, loss] = [0, 0, 0, 0];
  const right: string[][] = [];
  const predicted: string[][] = [];
  examples.forEach((example, i) => {
    const own = scores[i]!;
    const tokens = firstTokens(own, maxTokens, example, i);
    const [wanted, found]: [string[], string[]] = [[], []];
    example.words.forEach(({ target }, w) => {
      const token = tokens[w]!;
      if (target < 0 || (token < 0 && token !== CUT)) return;
      count++;
      wanted.push(labels[target]!);
      if (token === CUT) {
        cut++;
        found.push("O");
        return;
      }
      const row = own.logits.subarray(token * labels.length, (token + 1) * labels.length);
      const one = classLoss(row, target, `example ${i}`);
      loss += one.loss;
      if (one.best === target) hits++;
      found.push(labels[one.best]!);
    });
    right.push(wanted);
    predicted.push(found);
  });
  const counting = { strict, scheme: new TagScheme(labels) };
  const words = { count, cut, accuracy: hits / count, loss: loss / (count - cut) };
  return {
    metrics: { ...entityMetrics(right, predicted, counting), ...words },
    entities: entityCounts(right, predicted, counting),
  };
}
