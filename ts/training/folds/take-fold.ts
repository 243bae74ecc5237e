import { finite, unexpected, whole } from "../../arguments/settings.js";
import type { ReportedMetrics } from "../result/report.js";
import { objectAt } from "../store/run-state.js";
import type { FileExample, TaskEntry } from "../task-definition.js";
import type { DoneFold, FoldKind, FoldResult } from "./fold-kind.js";

const what = "folds";

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
export const foldKindOf = ({ folds }: TaskEntry): FoldKind<FileExample> => folds ?? plainFolds;

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
