import { finite, unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { mean } from "../../train/evaluators/number-lists.js";
import { type Difference, scoreDifference } from "../../train/metrics/paired-difference.js";
import { objectAt } from "../../training/store/run-state.js";

/**
 * Which to use. "adapter" if it is significantly better than the head-only baseline; otherwise "head-only". Null if the two were not compared.
 * A classifier of one label a text is compared by accuracy and, with at least 100 texts and no loss of accuracy, by macro F1.
 */
export type Recommendation = "adapter" | "head-only" | null;

/** What head and adapter have over the head-only baseline, in results of tasks with a score for each text. Reports of earlier versions lack it. */
export interface HeadComparison {
  /**
   * Gain over the head-only baseline on the same texts, with a 95 % interval: the share of texts whose set of labels is exactly right, or by how
   * much the mean absolute error is smaller. Null if the baseline was not fitted, or is the result.
   */
  readonly overHeadAlone: Difference | null;
  /** Which of the two to use, by that difference. */
  readonly recommended: Recommendation;
}

/** What a checkpoint keeps for the comparison. */
export interface HeadScores {
  /** The head-only baseline's score for each measured text; null if it was not fitted. */
  readonly headScores: readonly number[] | null;
}

/** The recommendation by a gain over the head-only baseline. */
export function recommendedBy(overHeadAlone: Difference | null): Recommendation {
  if (overHeadAlone === null) return null;
  return overHeadAlone.interval[0] > 0 ? "adapter" : "head-only";
}

/**
 * Compares head and adapter with the head-only baseline by a score for each text, the higher the better.
 * @param scores those of head and adapter; null if only the head was fitted
 * @param headScores those of the baseline, from the state; null if it was not fitted
 */
export async function comparedWithHead(
  scores: readonly number[] | null,
  headScores: HeadScores["headScores"],
  signal: AbortSignal | undefined,
): Promise<HeadComparison> {
  const overHeadAlone = scores && headScores ? await scoreDifference(scores, headScores, signal) : null;
  return { overHeadAlone, recommended: recommendedBy(overHeadAlone) };
}

/** The yardsticks of a task with a score for each text. */
interface ScoredYardsticks {
  /** The yardstick that does not read the text. */
  readonly guess: string;
  /** Names of their metrics. */
  readonly metrics: readonly string[];
  /** The mean score of texts by the metrics. */
  meanScore(metrics: Readonly<Record<string, number>>): number;
}

/** Makes a check that throws `ConfigError`, naming the field, unless `run` of a checkpoint has such yardsticks, and scores that agree with them. */
export const scoredStateCheck =
  ({ guess, metrics: names, meanScore }: ScoredYardsticks) =>
  (what: string, run: Readonly<Record<string, unknown>>): void => {
    const yardsticks = objectAt(what, "run.yardsticks", run["yardsticks"]);
    const checked = (yardstick: string) => {
      const place = `run.yardsticks.${yardstick}`;
      const metrics = objectAt(what, place, yardsticks[yardstick]);
      return Object.fromEntries(names.map((name) => [name, finite(what, `${place}.${name}`, metrics[name])]));
    };
    checked(guess);
    const expected = yardsticks["headOnly"] === null ? null : meanScore(checked("headOnly"));
    const { headScores: scores } = run;
    const isFitting = Array.isArray(scores)
      ? scores.every(Number.isFinite) && mean(scores as number[]) === expected
      : scores === null && expected === null;
    if (!isFitting)
      throw unexpected(what, "run.headScores", "a score of the head-only baseline for each text, or null", scores);
  };

/** Throws `ConfigError` unless a checkpoint has scores of this number of measured texts. */
export function checkScoresFit(run: object, _: unknown, measured: number): void {
  const { headScores } = run as HeadScores;
  const length = headScores?.length ?? measured;
  if (length === measured) return;
  throw new ConfigError(`state: run.headScores has ${length} scores, the data ${measured} examples`, {
    op: "state",
    option: "run.headScores",
    length,
    expected: measured,
  });
}
