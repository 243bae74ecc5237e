import type { Example } from "../../io/examples/index.js";
import { plainText } from "../../io/examples/row.js";
import type { DataSummary } from "../../io/examples/summary/index.js";
import { permutation } from "../../nn/random.js";
import { type Interval, wilson } from "../../train/metrics/bootstrap.js";
import { bestClass, classLoss } from "../../train/metrics/class-probabilities.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import type { TaskReport } from "../../training/result/report.js";
import { exp } from "../../values/elementary.js";
import { type Recommendation, recommendedBy } from "../head/head-comparison.js";
import type { CalibrationResult } from "./calibrate.js";
import type { Baseline } from "./baseline.js";
import type { TrainingSettings } from "./settings.js";

/** A sample prediction. */
export interface Sample {
  /** The text. */
  readonly text: string;
  /** Label in the data. */
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
  /** 95 % interval (Wilson); null if there are none. */
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

/** Least texts for a mean over classes: with fewer, single ones decide it. */
const ENOUGH_FOR_F1 = 100;

/** The recommendation from the difference between head and adapter and the head-only baseline, in accuracy and in macro F1. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  const rareClasses = count >= ENOUGH_FOR_F1 && accuracy.interval[1] >= 0 && macroF1.interval[0] > 0;
  return rareClasses ? "adapter" : recommendedBy(accuracy);
}

/**
 * The difference in macro F1 if head and adapter, on at least 100 texts, are significantly below the head-only baseline while accuracy is
 * not: rare classes got worse in favour of frequent ones. Otherwise null.
 */
export function macroF1Loss(overHeadAlone: PairedDifference | null): Difference | null {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  return count >= ENOUGH_FOR_F1 && macroF1.interval[1] < 0 && accuracy.interval[1] >= 0 ? macroF1 : null;
}

/** Results on the test examples: before training, majority-class baseline, head-only baseline, and after training. */
export interface ClassifierResult extends Baseline {
  /** Metrics after training. */
  readonly after: Metrics;
  /** Difference to the head-only baseline, with 95 % intervals; null if the baseline was not fitted, or is the result. */
  readonly overHeadAlone: PairedDifference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
  /** Set if macro F1 is significantly below the head-only baseline's while accuracy is not; otherwise null. */
  readonly macroF1Loss: Difference | null;
  /** The result without measured texts that are also in the training data, or near duplicates of it; null if there are none. */
  readonly unseen: UnseenTexts | null;
  /** What the temperature does to probabilities, and when predictions are unsure; omitted without a validation, or if neither was asked for. */
  readonly calibration?: CalibrationResult;
  /** Which examples the result is measured on. On a validation that also chose the step, the result is optimistic. */
  readonly measuredOn: "test" | "validation";
}

/** The report of a run on labelled texts: report.json. */
export interface RunReport extends TaskReport<TrainingSettings, ClassifierResult> {
  readonly data: TaskReport["data"] & {
    /** The summary of the data, with findings. */
    readonly summary: DataSummary;
  };
}

/** The result of a finished run on labelled texts. */
export interface JobResult {
  /** The report: report.json. */
  readonly report: RunReport;
  /** Every test example with the trained classifier's prediction. */
  readonly predictions: readonly Sample[];
}
