import { shareTexts } from "../../data/trained-rows.js";
import { headline } from "../../messages/headline.js";
import { m } from "../../messages/index.js";
import { isOf, type Run, runs, taskOf } from "../../state/runs.js";
import { measuredTexts } from "./verdict.js";

/** The result of a run. */
export interface Headline {
  /** The result in a sentence, beside a guess. */
  readonly sentence: string;
  /** The result in one number, as it is compared with that of other runs: a share, or the mean error of numbers. */
  readonly value: number;
  readonly written: string;
  /** Whether every text of the test is right. */
  readonly isPerfect: boolean;
}

/** Null for a loaded adapter, which has no result. */
export function headlineOf(run: Run): Headline | null {
  const t = headline();
  if (run.report === null) return null;
  const { number, error } = m();
  const tested = measuredTexts(run.report);
  const written = (value: number) => m().share(value, tested);
  const share = (value: number) => ({ value, written: written(value), isPerfect: value === 1 });
  /** How many of the test's texts, since people count texts rather than shares. */
  const counted = (value: number, all: number) => number(Math.round(value * all));
  if (isOf("classify", run) && run.report !== null) {
    const { after, largestClass } = run.report.result;
    const right = t.of(counted(after.accuracy, after.count), number(after.count));
    return { sentence: t.classify(right, counted(largestClass, after.count)), ...share(after.accuracy) };
  }
  if (isOf("multi-label", run) && run.report !== null) {
    const { after, yardsticks } = run.report.result;
    const right = t.of(counted(after.exactMatch, tested), number(tested));
    return {
      sentence: t.labels(right, counted(yardsticks.mostFrequent.exactMatch, tested)),
      ...share(after.exactMatch),
    };
  }
  if (isOf("regress", run) && run.report !== null) {
    const { after, yardsticks } = run.report.result;
    const [own, guess] = [after.mae, yardsticks.mean.mae].map((value) => error(value, tested));
    return {
      sentence: t.numbers(own!, guess!),
      value: after.mae,
      written: own!,
      isPerfect: after.mae === 0,
    };
  }
  if (isOf("tokens", run) && run.report !== null) {
    const { f1, recall, precision } = run.report.result.after;
    return { sentence: t.words(written(recall), written(precision)), ...share(f1) };
  }
  return null;
}

/** Most trainings that are shown beside each other. */
const MOST = 6;

/** The results of a run and of those before it with the same table and task, the oldest first. */
export function roundsOf(run: Run): readonly Headline[] {
  return runs.value
    .filter((one) => one.name === run.name && taskOf(one) === taskOf(run) && one.began <= run.began)
    .filter((one) => shareTexts(one.data, run.data))
    .map(headlineOf)
    .filter((result) => result !== null)
    .slice(0, MOST)
    .reverse();
}
