import { finite, unexpected, whole } from "../../arguments/settings.js";
import type { Fold } from "../data-parts.js";
import type { ReportedMetrics, RunOutcome, TaskReport } from "../report.js";
import { objectAt } from "../store/run-state.js";

const what = "folds";

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

/** A fold of a task that reports only metrics. @internal exported for its tests */
export interface PlainFold extends FoldResult {
  readonly metrics: ReportedMetrics;
  readonly result: object | null;
}

/** Keeps the metrics of each fold and the task's own result. */
const plainFolds: FoldKind<unknown> = {
  result: ({ metrics, result }) => ({ metrics, result }),
  metrics: (result) =>
    Object.fromEntries(Object.entries((result as PlainFold).metrics).map(([name, { value }]) => [name, value])),
  taskResult: (result) => (result as PlainFold).result,
  check(place, { metrics, result = null }) {
    if (result !== null) objectAt(what, `${place}.result`, result);
    for (const [name, metric] of Object.entries(objectAt(what, `${place}.metrics`, metrics)))
      finite(what, `${place}.metrics.${name}.value`, objectAt(what, `${place}.metrics.${name}`, metric)["value"]);
  },
};

/** The fold kind of a task. */
export const foldKindOf = ({ folds }: { readonly folds?: FoldKind<never> }): FoldKind<unknown> => folds ?? plainFolds;

/** Validation losses and the kept step. Throws `ConfigError` unless they fit a training of `steps` steps. */
function checkEvaluation(place: string, value: unknown, steps: number): void {
  const { measured, best, stoppedEarly } = objectAt(what, place, value);
  let last = -1;
  const isMeasurement = (one: unknown) => {
    const { step, value: loss } = objectAt(what, place, one);
    return Number.isSafeInteger(step) && (step as number) >= 0 && (step as number) <= steps && Number.isFinite(loss);
  };
  const follows = (one: unknown) => {
    const { step } = one as { step: number };
    const later = step > last;
    last = step;
    return later;
  };
  const fits = Array.isArray(measured) && measured.every((one) => isMeasurement(one) && follows(one));
  const isOne = (one: unknown) => JSON.stringify(one) === JSON.stringify(best);
  if (!fits || !isMeasurement(best) || !measured.some(isOne) || typeof stoppedEarly !== "boolean")
    throw unexpected(what, place, "{ measured, best, stoppedEarly } of the fold's steps", value);
}

/** A fold from a file. Throws `ConfigError`, naming the field, for invalid values. */
export function takeFold(kind: FoldKind<never>, place: string, value: unknown, kept: unknown): DoneFold {
  const result = objectAt(what, place, value);
  kind.check(place, result, kept);
  const done = whole(what, `${place}.steps`, result["steps"]);
  if (result["evaluation"] !== null) checkEvaluation(`${place}.evaluation`, result["evaluation"], done);
  return { result: result as unknown as FoldResult, kept: kept ?? null };
}
