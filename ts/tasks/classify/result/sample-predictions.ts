import { permutation } from "../../../nn/random.js";
import type { Example } from "../../../io/examples/index.js";
import { exp } from "../../../values/elementary.js";
import { bestClass, classLoss } from "../../../train/metrics/class-probabilities.js";

/** A sample prediction. */
export interface Sample {
  /** The text. */
  readonly text: string;
  /** Its label in the data. */
  readonly label: string;
  /** The predicted label. */
  readonly predicted: string;
  /** Probability of the predicted label. */
  readonly probability: number;
}

/** Up to `count` predictions, wrong and right ones about half each, picked by the seed. */
export function pickSamples(all: readonly Sample[], count: number, seed: number): Sample[] {
  const shuffled = Array.from(permutation(all.length, seed, 2 ** 31), (i) => all[i]!);
  const wrong = shuffled.filter(({ label, predicted }) => label !== predicted);
  const right = shuffled.filter(({ label, predicted }) => label === predicted);
  const wrongCount = Math.max(count - right.length, Math.min(wrong.length, Math.floor(count / 2)));
  return [...right.slice(0, count - Math.min(wrong.length, wrongCount)), ...wrong.slice(0, wrongCount)];
}

/** Predictions from the logits of labelled examples. */
export function predictionsOf(
  examples: readonly Example[],
  logits: readonly Float32Array[],
  labels: readonly string[],
): Sample[] {
  return examples.map(({ text, label }, i) => {
    const best = bestClass(logits[i]!, `text ${i}`);
    const { loss } = classLoss(logits[i]!, best, `text ${i}`);
    return { text, label, predicted: labels[best]!, probability: exp(-loss) };
  });
}
