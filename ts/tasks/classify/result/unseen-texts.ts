import type { Example } from "../../../io/examples/index.js";
import { plainText } from "../../../io/examples/summary/plain-text.js";
import type { Interval } from "../../../train/metrics/bootstrap.js";
import { wilson } from "../../../train/metrics/wilson.js";
import type { Sample } from "./sample-predictions.js";

/** The result on the texts that were not learnt from, where others were. */
export interface UnseenTexts {
  /** Texts that were measured and stand in the training data too, apart from case and white space. */
  readonly seen: number;
  /** Others that nearly do: but for a greeting, a sign-off, a sign. */
  readonly near: number;
  /** Texts that are neither. */
  readonly count: number;
  /** Share of right predictions of those; null where there are none. */
  readonly accuracy: number | null;
  /** Its 95 % interval (Wilson); null where there are none. */
  readonly interval: Interval | null;
}

/**
 * The result without the texts that stand in the training data too, or nearly do; null where none does.
 * @param nearTrained places of the predictions whose text nearly does
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
