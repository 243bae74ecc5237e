import { classProbabilities } from "../train/metrics/class-probabilities.js";

/** What a classifier says of a text. */
export interface Prediction {
  /** The text that was asked about. */
  readonly text: string;
  /** The most probable class. */
  readonly label: string;
  /** Probability of that label, 0 to 1. */
  readonly probability: number;
  /** Probability of every label. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What the logits of text number `i` say of it. */
export function prediction(text: string, labels: readonly string[], logits: Float32Array, i: number): Prediction {
  const { probabilities, best } = classProbabilities(logits, `text ${i}`);
  const byLabel = Object.fromEntries(labels.map((label, j) => [label, probabilities[j]!]));
  return { text, label: labels[best]!, probability: probabilities[best]!, probabilities: byLabel };
}
