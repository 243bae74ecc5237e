import { finite, whole, unexpected } from "../../arguments/settings.js";
import type { Fold } from "../data/parts.js";
import { objectAt } from "../store/run-state.js";
import type { ReportedMetrics, TaskReport } from "../result/report.js";
import type { FileExample, RunOutcome, TaskEntry } from "../task-definition.js";

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

const what = "folds";

/** A fold of a task that says no more than its metrics. */
export interface PlainFold extends FoldResult {
  readonly metrics: ReportedMetrics;
  readonly result: object | null;
}

/** Of each fold its metrics and its task's own detail. */
const plainFolds: FoldKind<unknown> = {
  result: ({ metrics, result }) => ({ metrics, result }),
  metrics: (result) =>
    Object.fromEntries(Object.entries((result as PlainFold).metrics).map(([name, { value }]) => [name, value])),
  check(place, { metrics }) {
    for (const [name, metric] of Object.entries(objectAt(what, `${place}.metrics`, metrics)))
      finite(what, `${place}.metrics.${name}.value`, objectAt(what, `${place}.metrics.${name}`, metric)["value"]);
  },
};

/** The kind of a task's folds. */
export const foldKindOf = ({ folds }: TaskEntry): FoldKind<FileExample> => folds ?? plainFolds;

/** Losses on the validation, and the step that was kept. Throws `ConfigError` for what is none of a training of `steps` steps. */
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

/** A fold from a file. Throws `ConfigError`, naming the field, for what none can be. */
export function takeFold(kind: FoldKind<never>, place: string, value: unknown, kept: unknown): DoneFold {
  const result = objectAt(what, place, value);
  kind.check(place, result, kept);
  const done = whole(what, `${place}.steps`, result["steps"]);
  if (result["evaluation"] !== null) checkEvaluation(`${place}.evaluation`, result["evaluation"], done);
  return { result: result as unknown as FoldResult, kept: kept ?? null };
}

/** Mean and deviation of one value a fold; the deviation of a single one is NaN. */
export function spreadOf(values: readonly number[]): FoldSpread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { mean, deviation: Math.sqrt(squares / (values.length - 1)) };
}
