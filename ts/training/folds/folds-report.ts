import { cellsIn, confusionOf, summed } from "../../train/metrics/cells.js";
import { intervalsOf, type Metrics, scoresOf } from "../../train/metrics/metrics.js";
import { type PairedDifference, pairedDifference } from "../../train/metrics/paired-difference.js";
import { breather } from "../../waiting/next-task.js";
import type { Baseline } from "../result/baseline.js";
import { type Recommendation, recommend } from "../result/recommendation.js";
import { reportProgram, type RunReport } from "../result/run-report.js";
import type { TrainingSettings } from "../spec/training-settings.js";

/** One fold: trained on the others, measured on its own examples. */
export interface FoldResult extends Pick<Baseline, "headOnly" | "largestClass"> {
  /** Of head and adapter after training, on this fold's examples. */
  readonly after: Metrics;
  /** Steps done. */
  readonly steps: number;
  /** Losses on the validation, and the step that was kept; null where the last one was. */
  readonly evaluation: RunReport["evaluation"];
}

/** Mean over the folds, and the standard deviation between them (n − 1). */
export interface FoldSpread {
  /** Sum over their number. */
  readonly mean: number;
  /** Root of the mean square distance from it, of n − 1. */
  readonly deviation: number;
}

/** What cross-validation found: folds.json. */
export interface FoldsReport extends Pick<RunReport, "lowrank" | "created" | "settings"> {
  /** In the order of the classes. */
  readonly labels: readonly string[];
  /** Each of them. */
  readonly folds: readonly FoldResult[];
  /** Share of right predictions. */
  readonly accuracy: FoldSpread;
  /** Mean F1 over classes. */
  readonly macroF1: FoldSpread;
  /** Mean cross entropy. */
  readonly loss: FoldSpread;
  /** Accuracy of the head alone; null where it was not fitted. */
  readonly headOnly: FoldSpread | null;
  /** All folds' predictions together: each example once, said by a classifier that had not seen it. */
  readonly pooled: Metrics;
  /**
   * What head and adapter have over the head alone, by those predictions, with 95 % intervals; null where the head alone was not fitted,
   * or is the result.
   */
  readonly overHeadAlone: PairedDifference | null;
  /** What to use, by that difference. */
  readonly recommended: Recommendation;
}

/** A fold that is done. */
export interface DoneFold {
  readonly result: FoldResult;
  /** Class that is said of each of its examples. */
  readonly predicted: readonly number[];
  /** The same of the head alone; null where that was not fitted, or is the result. */
  readonly headPredicted: readonly number[] | null;
}

/**
 * All folds together.
 * @param truth classes of each fold's examples
 */
export async function foldsReport(
  settings: TrainingSettings,
  labels: readonly string[],
  done: readonly DoneFold[],
  truth: readonly (readonly number[])[],
  signal: AbortSignal | undefined,
): Promise<FoldsReport> {
  const folds = done.map(({ result }) => result);
  const spread = (of: (fold: FoldResult) => number) => spreadOf(folds.map(of));
  const headOnly = folds.every((fold) => fold.headOnly !== null) ? spread((fold) => fold.headOnly!.accuracy) : null;
  const heads = done.map(({ headPredicted }) => headPredicted);
  const overHeadAlone = heads.includes(null)
    ? null
    : await pairedDifference(
        done.flatMap(({ predicted }) => predicted),
        heads.flatMap((head) => head!),
        truth.flat(),
        { ...(signal && { signal }) },
      );
  return {
    ...reportProgram(),
    ...{ settings, labels, folds, headOnly },
    accuracy: spread(({ after }) => after.accuracy),
    macroF1: spread(({ after }) => after.macroF1),
    loss: spread(({ after }) => after.loss),
    pooled: await pooled(
      folds.map(({ after }) => after),
      labels.length,
      signal,
    ),
    overHeadAlone,
    recommended: recommend(overHeadAlone),
  };
}

/** Mean and deviation of one value a fold; the deviation of a single one is NaN. */
export function spreadOf(values: readonly number[]): FoldSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}

/** Several measurements as one. */
async function pooled(all: readonly Metrics[], classes: number, signal: AbortSignal | undefined): Promise<Metrics> {
  const cells = summed(all.flatMap(cellsIn), classes);
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const loss = all.reduce((sum, one) => sum + one.loss * one.count, 0) / count;
  const intervals = await intervalsOf(cells, { resamples: 1000, seed: 0 }, breather(signal));
  const { accuracy, perClass, macroF1 } = scoresOf(cells, classes);
  return { count, accuracy, loss, ...confusionOf(cells, classes), perClass, macroF1, intervals };
}
