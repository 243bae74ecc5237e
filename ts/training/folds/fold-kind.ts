import type { Fold } from "../data/parts.js";
import type { RunOutcome, TaskReport } from "../result/report.js";

/** The results of every fold. */
export interface FoldResult {
  /** Completed steps. */
  readonly steps: number;
  /** Validation losses, and the kept step; null if the last step was kept. */
  readonly evaluation: TaskReport["evaluation"];
}

/** Mean over the folds, and the standard deviation between them (n − 1). */
export interface FoldSpread {
  /** Arithmetic mean. */
  readonly mean: number;
  /** Standard deviation, with n − 1. */
  readonly deviation: number;
}

/** A completed fold. */
export interface DoneFold {
  readonly result: FoldResult;
  /** Data that the task keeps until all folds are done, such as predictions; null for none. */
  readonly kept: object | null;
}

/** The task's part of cross-validation: what it keeps of each fold and reports of all. */
export interface FoldKind<E> {
  /** A fold's results besides steps and evaluation. */
  result(outcome: RunOutcome): object;
  /** The metrics of a fold. */
  metrics(result: FoldResult): Readonly<Record<string, number>>;
  /** The part of a fold's result that has the task's baselines; null for none. */
  taskResult(result: FoldResult): object | null;
  /** Number of examples that a fold was measured on; omitted if folds do not keep it. */
  count?(result: FoldResult): number;
  /** Checks values of `result` and a run's `kept` from a file; undefined: missing in the file. Throws `ConfigError`, naming the field. */
  check(place: string, result: Readonly<Record<string, unknown>>, kept: unknown): void;
  /** Throws `ConfigError` unless folds from a file are consistent. */
  checkTogether?(done: readonly DoneFold[]): void;
  /** Throws `FormatError` if folds were measured on other examples. */
  checkMeasured?(done: readonly DoneFold[], folds: readonly Fold<E>[], labels: readonly string[], path: string): void;
  /** Throws `ConfigError`, naming the field, unless a report from a file has the fields of `report`. */
  checkReport?(report: Readonly<Record<string, unknown>>): void;
  /** The report's fields besides the metrics. */
  report?(
    done: readonly DoneFold[],
    folds: readonly Fold<E>[],
    labels: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<object>;
}

/** Mean and deviation of one value per fold; the deviation of a single value is NaN. */
export function spreadOf(values: readonly number[]): FoldSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
