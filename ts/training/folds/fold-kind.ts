import type { Fold } from "../data/parts.js";
import type { RunOutcome, TaskReport } from "../result/report.js";

/** What every fold tells. */
export interface FoldResult {
  /** Steps done. */
  readonly steps: number;
  /** Losses on the validation, and the step that was kept; null where the last one was. */
  readonly evaluation: TaskReport["evaluation"];
}

/** Mean over the folds, and the standard deviation between them (n − 1). */
export interface FoldSpread {
  /** Sum over their number. */
  readonly mean: number;
  /** Root of the mean square distance from it, of n − 1. */
  readonly deviation: number;
}

/** A fold that is done. */
export interface DoneFold {
  readonly result: FoldResult;
  /** What the task keeps of it until all are done, such as what is predicted of each example; null for nothing. */
  readonly kept: object | null;
}

/** What cross-validation keeps of a task's folds, and says of all. */
export interface FoldKind<E> {
  /** A fold's results beside steps and evaluation. */
  result(outcome: RunOutcome): object;
  /** The metrics of a fold. */
  metrics(result: FoldResult): Readonly<Record<string, number>>;
  /** Throws `ConfigError`, naming the field, unless values from a file are what `result` and a run's `kept` gave; undefined: that is not in the file. */
  check(place: string, result: Readonly<Record<string, unknown>>, kept: unknown): void;
  /** Throws `ConfigError` unless folds from a file go together. */
  checkTogether?(done: readonly DoneFold[]): void;
  /** Throws `FormatError` where folds were measured on other examples. */
  checkMeasured?(done: readonly DoneFold[], folds: readonly Fold<E>[], labels: readonly string[], path: string): void;
  /** Throws `ConfigError`, naming the field, unless a report from a file has what `report` gave. */
  checkReport?(report: Readonly<Record<string, unknown>>): void;
  /** What the report of all folds has beside their metrics. */
  report?(
    done: readonly DoneFold[],
    folds: readonly Fold<E>[],
    labels: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<object>;
}

/** Mean and deviation of one value a fold; the deviation of a single one is NaN. */
export function spreadOf(values: readonly number[]): FoldSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
