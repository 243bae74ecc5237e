import type { Example } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/summary/plain-text.js";
import type { Interval } from "../../train/metrics/bootstrap.js";
import { wilson } from "../../train/metrics/wilson.js";
import type { Sample } from "./sample-predictions.js";

/** The result on the texts that were not learnt from, where others were. */
export interface UnseenTexts {
  /** Texts that were measured and stand in the training data too, apart from case and white space. */
  readonly seen: number;
  /** Texts that do not. */
  readonly count: number;
  /** Share of right predictions of those; null where there are none. */
  readonly accuracy: number | null;
  /** Its 95 % interval (Wilson); null where there are none. */
  readonly interval: Interval | null;
}

/** The result without the texts that stand in the training data too; null where none does. */
export function unseenTexts(learnt: readonly Example[], predictions: readonly Sample[]): UnseenTexts | null {
  const known = new Set(learnt.map(({ text }) => plainText(text)));
  const unseen = predictions.filter(({ text }) => !known.has(plainText(text)));
  const seen = predictions.length - unseen.length;
  if (seen === 0) return null;
  const count = unseen.length;
  if (count === 0) return { seen, count, accuracy: null, interval: null };
  const right = unseen.filter(({ label, predicted }) => label === predicted).length;
  return { seen, count, accuracy: right / count, interval: wilson(right, count) };
}
