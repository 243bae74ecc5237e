import { classProbabilities } from "../train/metrics/class-probabilities.js";

/** The answer of a text classifier for one text. */
export interface Prediction<Label extends string = string> {
  /** The text. */
  readonly text: string;
  /** The most probable class. */
  readonly label: Label;
  /** Probability of that label, 0 to 1. */
  readonly probability: number;
  /** Probability of every label. */
  readonly probabilities: Readonly<Record<Label, number>>;
}

/** The prediction for text number `i`, from its logits `[classes]`. */
export function prediction<Label extends string>(
  text: string,
  labels: readonly Label[],
  logits: Float32Array,
  i: number,
): Prediction<Label> {
  const { probabilities, best } = classProbabilities(logits, `text ${i}`);
  const byLabel = Object.fromEntries(labels.map((label, j) => [label, probabilities[j]!])) as Record<Label, number>;
  return { text, label: labels[best]!, probability: probabilities[best]!, probabilities: byLabel };
}
