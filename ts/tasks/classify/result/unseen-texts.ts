import type { Example } from "../../../io/examples/index.js";
import { plainText } from "../../../io/examples/row.js";
import type { Interval } from "../../../train/metrics/bootstrap.js";
import { wilson } from "../../../train/metrics/intervals.js";
import type { Sample } from "./sample-predictions.js";

/** The result on the measured texts that are not in the training data. */
export interface UnseenTexts {
  /** Measured texts that are also in the training data, apart from case and white space. */
  readonly seen: number;
  /** Measured texts that are near duplicates of training texts: they differ by a greeting, a sign-off, a sign. */
  readonly near: number;
  /** The other measured texts. */
  readonly count: number;
  /** Accuracy on those; null if there are none. */
  readonly accuracy: number | null;
  /** Its 95 % interval (Wilson); null if there are none. */
  readonly interval: Interval | null;
}

/**
 * The result without texts that are also in the training data, or near duplicates of it; null if there are none.
 * @param nearTrained indices of the predictions whose text is a near duplicate
 */
export function unseenTexts(
  learnt: readonly Example[],
  predictions: readonly Sample[],
  nearTrained: ReadonlySet<number>,
): UnseenTexts | null {
  const known = new Set(learnt.map(({ text }) => plainText(text)));
  const others = [...predictions.entries()].filter(([, { text }]) => !known.has(plainText(text)));
  const unseen = others.filter(([place]) => !nearTrained.has(place)).map(([, prediction]) => prediction);
  const [seen, near, count] = [predictions.length - others.length, others.length - unseen.length, unseen.length];
  if (seen + near === 0) return null;
  if (count === 0) return { seen, near, count, accuracy: null, interval: null };
  const right = unseen.filter(({ label, predicted }) => label === predicted).length;
  return { seen, near, count, accuracy: right / count, interval: wilson(right, count) };
}
