import { FormatError } from "../../errors/errors.js";
import { finite, oneOf, share, unexpected, whole } from "../../arguments/settings.js";
import type { LocatedExample } from "../../io/examples/index.js";
import { type Cell, cellsIn, cellsOf, confusionOf, summed } from "../../train/metrics/class-scores.js";
import { intervalsOf, type Metrics, scoresOf } from "../../train/metrics/metrics.js";
import { type PairedDifference, pairedDifference } from "../../train/metrics/paired-difference.js";
import {
  type DoneFold,
  type FoldKind,
  type FoldResult,
  type FoldSpread,
  spreadOf,
} from "../../training/folds/fold-kind.js";
import { checkSpread, spreadsOf, type TaskFoldsReport } from "../../training/folds/fold-files.js";
import type { Fold } from "../../training/data-parts.js";
import { objectAt } from "../../training/store/run-state.js";
import { breather } from "../../waiting/next-task.js";
import { type Baseline, checkMetrics, checkPredictions, type ClassifierResult, recommend } from "./report.js";
import type { Recommendation } from "../head/head-comparison.js";
import type { TrainingSettings } from "./settings.js";

/** One fold: trained on the other folds, measured on its own examples. */
export interface ClassifierFold extends FoldResult, Pick<Baseline, "headOnly" | "largestClass"> {
  /** Head and adapter after training, on this fold's examples. */
  readonly after: Metrics;
}

/** The result of cross-validation of a text classifier: folds.json. */
export interface FoldsReport extends TaskFoldsReport<TrainingSettings, ClassifierFold> {
  /** Share of right predictions. */
  readonly accuracy: FoldSpread;
  /** Mean F1 over classes. */
  readonly macroF1: FoldSpread;
  /** Mean cross entropy. */
  readonly loss: FoldSpread;
  /** Accuracy of the head-only baseline; null if it was not fitted. */
  readonly headOnly: FoldSpread | null;
  /** All folds' predictions together: each example once, predicted by a classifier that was not trained on it. */
  readonly pooled: Metrics;
  /**
   * Difference between head and adapter and the head-only baseline on those predictions, with 95 % intervals; null if the baseline was not
   * fitted, or is the result.
   */
  readonly overHeadAlone: PairedDifference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
}

/** Kept of a fold until all are done. */
interface Kept {
  /** The predicted class of each of its examples. */
  readonly predicted: readonly number[];
  /** Predictions of the head-only baseline; null if it was not fitted, or is the result. */
  readonly headPredicted: readonly number[] | null;
}

const resultOf = ({ result }: DoneFold) => result as ClassifierFold;
const keptOf = ({ kept }: DoneFold) => kept as Kept;

/** The classes of each fold's examples. */
function classesOf(folds: readonly Fold<LocatedExample>[], labels: readonly string[]): number[][] {
  const classes = new Map(labels.map((label, i) => [label, i]));
  return folds.map(({ validation }) => validation.map(({ label }) => classes.get(label)!));
}

const inOrder = ({ truth, predicted, count }: Cell): Cell => ({ truth, predicted, count });

/** The folds of a classifier of texts. */
export const classifierFolds: FoldKind<LocatedExample> = {
  result(outcome) {
    const { after, headOnly, largestClass } = outcome.result as ClassifierResult;
    return { after, headOnly, largestClass };
  },
  metrics(result) {
    const { accuracy, macroF1, loss } = (result as ClassifierFold).after;
    return { accuracy, macroF1, loss };
  },
  taskResult: (result) => result,
  count: (result) => (result as ClassifierFold).after.count,
  check(place, result, kept) {
    checkClassifierFold(place, result);
    if (kept === undefined) return;
    const { after, headOnly } = result as unknown as ClassifierFold;
    const { predicted, headPredicted } = objectAt("folds", `predictions of ${place}`, kept);
    checkPredictions("folds", `${place}: predicted`, predicted, after);
    if (headPredicted !== null) checkPredictions("folds", `${place}: headPredicted`, headPredicted, headOnly);
  },
  checkTogether(done) {
    const classes = new Set(done.map((fold) => resultOf(fold).after.perClass.length));
    if (classes.size > 1) throw unexpected("folds", "folds", "metrics for the same labels", [...classes]);
  },
  checkMeasured(done, folds, labels, path) {
    const truth = classesOf(folds, labels);
    for (const [i, fold] of done.entries()) {
      const [{ after, headOnly }, { predicted, headPredicted }] = [resultOf(fold), keptOf(fold)];
      for (const [said, measured] of [
        [predicted, after],
        [headPredicted, headOnly],
      ] as const) {
        if (said === null) continue;
        const { length: classes } = measured!.perClass;
        const cells = said.length === truth[i]!.length ? cellsOf(truth[i]!, said, classes) : [];
        if (JSON.stringify(cells) === JSON.stringify(cellsIn(measured!).map(inOrder))) continue;
        const message = `${path}: the predictions of fold ${i + 1} do not match its examples; remove the file to start again`;
        throw new FormatError(message, { file: path, fold: i + 1 });
      }
    }
  },
  checkReport: checkClassifierReport,
  async report(done, folds, labels, signal) {
    const all = done.map(resultOf);
    const headOnly = all.every((fold) => fold.headOnly !== null)
      ? spreadOf(all.map((fold) => fold.headOnly!.accuracy))
      : null;
    const heads = done.map((fold) => keptOf(fold).headPredicted);
    const overHeadAlone = heads.includes(null)
      ? null
      : await pairedDifference(
          done.flatMap((fold) => keptOf(fold).predicted),
          heads.flatMap((head) => head!),
          classesOf(folds, labels).flat(),
          { ...(signal && { signal }) },
        );
    return {
      headOnly,
      ...spreadsOf(classifierFolds, all),
      pooled: await pooled(
        all.map(({ after }) => after),
        labels.length,
        signal,
      ),
      overHeadAlone,
      recommended: recommend(overHeadAlone),
    };
  },
};

/** Combines several measurements. */
async function pooled(all: readonly Metrics[], classes: number, signal: AbortSignal | undefined): Promise<Metrics> {
  const cells = summed(all.flatMap(cellsIn), classes);
  const count = all.reduce((sum, one) => sum + one.count, 0);
  const loss = all.reduce((sum, one) => sum + one.loss * one.count, 0) / count;
  const intervals = await intervalsOf(cells, { resamples: 1000, seed: 0 }, breather(signal));
  const { accuracy, perClass, macroF1 } = scoresOf(cells, classes);
  return { count, accuracy, loss, ...confusionOf(cells, classes), perClass, macroF1, intervals };
}

const what = "folds";

const supports = ({ perClass }: Metrics) => perClass.map(({ support }) => support);

/** A fold from a file. Throws `ConfigError`, naming the field, for invalid values. */
function checkClassifierFold(place: string, value: Readonly<Record<string, unknown>>): void {
  const { after, headOnly, largestClass } = value;
  checkMetrics(what, `${place}.after`, after);
  const own = supports(after);
  if (headOnly !== null) {
    checkMetrics(what, `${place}.headOnly`, headOnly);
    if (JSON.stringify(supports(headOnly)) !== JSON.stringify(own))
      throw unexpected(
        what,
        `${place}.headOnly`,
        "measured on as many examples of each class as after",
        supports(headOnly),
      );
  }
  share(what, `${place}.largestClass`, largestClass);
  if (!own.some((support) => support / after.count === largestClass))
    throw unexpected(what, `${place}.largestClass`, "the share of a class in what was measured", largestClass);
}

function checkDifference(place: string, value: unknown): void {
  const { difference, interval } = objectAt(what, place, value);
  finite(what, `${place}.difference`, difference);
  if (
    !Array.isArray(interval) ||
    interval.length !== 2 ||
    !interval.every(Number.isFinite) ||
    interval[0] > interval[1]
  )
    throw unexpected(what, `${place}.interval`, "two numbers, the lower one first", interval);
}

/** Throws `ConfigError`, naming the field, unless a report from a file has the fields of a classifier's folds. */
function checkClassifierReport(report: Readonly<Record<string, unknown>>): void {
  const { labels, pooled, headOnly, overHeadAlone } = report as { labels: readonly string[] } & typeof report;
  const folds = report["folds"] as readonly { readonly after: Metrics }[];
  if (labels.length < 2) throw unexpected(what, "labels", "a list of two labels or more", labels);
  const classes = (place: string, { perClass: { length } }: Metrics) => {
    if (length !== labels.length) throw unexpected(what, place, `measured on the ${labels.length} labels`, length);
  };
  for (const [i, { after }] of folds.entries()) classes(`folds[${i}].after`, after);
  const count = folds.reduce((sum, { after }) => sum + after.count, 0);
  for (const name of ["accuracy", "macroF1"]) checkSpread(what, name, report[name], share);
  checkSpread(what, "loss", report["loss"]);
  if (headOnly !== null) checkSpread(what, "headOnly", headOnly, share);
  checkMetrics(what, "pooled", pooled);
  classes("pooled", pooled);
  if (pooled.count !== count)
    throw unexpected(what, "pooled.count", `the ${count} examples of all folds`, pooled.count);
  if (report["recommended"] !== null) oneOf(what, "recommended", report["recommended"], ["adapter", "head-only"]);
  if (overHeadAlone === null) return;
  const over = objectAt(what, "overHeadAlone", overHeadAlone);
  whole(what, "overHeadAlone.count", over["count"], 1);
  for (const name of ["accuracy", "macroF1"]) checkDifference(`overHeadAlone.${name}`, over[name]);
}
