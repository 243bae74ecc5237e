import { nonNegative, share, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { type Cell, cellsIn } from "../../train/metrics/cells.js";
import { type Metrics, scoresOf } from "../../train/metrics/metrics.js";
import { objectAt } from "../../training/store/run-state.js";
import type { ClassifierState } from "./text-model.js";

/** Throws `ConfigError` unless predictions agree with a confusion matrix. */
export function checkPredictions(what: string, place: string, value: unknown, measured: Metrics | null): void {
  if (measured === null) {
    if (value === null) return;
    throw unexpected(what, place, "null, since the head-only baseline was not measured", value);
  }
  const counts = new Array<number>(measured.perClass.length).fill(0);
  for (const { predicted, count } of cellsIn(measured)) counts[predicted]! += count;
  if (Array.isArray(value) && value.length === measured.count && value.every(Number.isSafeInteger)) {
    for (const predicted of value as number[]) counts[predicted]!--;
    if (counts.every((left) => left === 0)) return;
  }
  throw unexpected(what, place, `the ${measured.count} classes of the confusion matrix`, value);
}

/** Throws `ConfigError`, naming the field, unless a value from a file is a run's measurement. */
export function checkMetrics(what: string, place: string, value: unknown): asserts value is Metrics {
  const measured = objectAt(what, place, value);
  const { count, accuracy, loss, perClass, macroF1, intervals } = measured;
  whole(what, `${place}.count`, count, 1);
  nonNegative(what, `${place}.loss`, loss);
  const [cells, classes] = takeConfusion(what, place, measured);
  // Values that follow from the matrix are compared with it.
  const { accuracy: right, perClass: scores, macroF1: mean } = scoresOf(cells, classes);
  if (accuracy !== right) throw unexpected(what, `${place}.accuracy`, "the value from the confusion matrix", accuracy);
  if (JSON.stringify(perClass) !== JSON.stringify(scores))
    throw unexpected(what, `${place}.perClass`, "the value from the confusion matrix", perClass);
  if (macroF1 !== mean) throw unexpected(what, `${place}.macroF1`, "the value from the confusion matrix", macroF1);
  if (intervals === null) return;
  const both = objectAt(what, `${place}.intervals`, intervals);
  for (const name of ["accuracy", "macroF1"]) {
    const ends = both[name];
    if (!Array.isArray(ends) || ends.length !== 2)
      throw unexpected(what, `${place}.intervals.${name}`, "two shares", ends);
    ends.forEach((end, i) => share(what, `${place}.intervals.${name}[${i}]`, end));
    if (ends[0] > ends[1])
      throw unexpected(what, `${place}.intervals.${name}`, "two shares, the lower one first", ends);
  }
}

/** The confusion matrix of a measurement in either format, and its number of classes. */
function takeConfusion(
  what: string,
  place: string,
  { count, perClass, confusion, confusionCells }: Readonly<Record<string, unknown>>,
): [cells: readonly Cell[], classes: number] {
  const addsUp = (cells: readonly Cell[]) => cells.reduce((sum, cell) => sum + cell.count, 0) === count;
  if (confusion !== null) {
    if (Array.isArray(confusion) && confusion.every((row) => isCounts(row, confusion.length))) {
      const cells = cellsIn({ confusion: confusion as number[][] });
      if (addsUp(cells)) return [cells, confusion.length];
    }
    throw unexpected(what, `${place}.confusion`, `a square of counts that add up to ${String(count)}`, confusion);
  }
  const classes = Array.isArray(perClass) ? perClass.length : 0;
  if (Array.isArray(confusionCells) && isOrdered(confusionCells, classes) && addsUp(confusionCells))
    return [confusionCells, classes];
  const expected = `cells of the ${classes} classes in their order, with counts that add up to ${String(count)}`;
  throw unexpected(what, `${place}.confusionCells`, expected, confusionCells);
}

/** Whether these are ordered cells of so many classes. */
function isOrdered(cells: readonly unknown[], classes: number): cells is readonly Cell[] {
  let last = -1;
  return cells.every((cell) => {
    const { truth, predicted, count } = Object(cell) as Cell;
    const isClass = (one: number) => Number.isSafeInteger(one) && one >= 0 && one < classes;
    if (!isClass(truth) || !isClass(predicted) || !(Number.isSafeInteger(count) && count > 0)) return false;
    const place = truth * classes + predicted;
    const follows = place > last;
    last = place;
    return follows;
  });
}

const isCounts = (row: unknown, length: number) =>
  Array.isArray(row) && row.length === length && row.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

/** Throws `ConfigError`, naming the field, unless a value from a file is the state of a classifier's run. */
export function checkClassifierState(what: string, run: Readonly<Record<string, unknown>>): void {
  const baseline = objectAt(what, "run.baseline", run["baseline"]);
  share(what, "run.baseline.largestClass", baseline["largestClass"]);
  checkMetrics(what, "run.baseline.before", baseline["before"]);
  const { headOnly } = baseline;
  if (headOnly !== null) checkMetrics(what, "run.baseline.headOnly", headOnly);
  checkPredictions(what, "run.headPredictions", run["headPredictions"], headOnly);
}

/** Throws `ConfigError` unless a baseline has these classes and this number of measured examples. */
export function checkBaselineFits(
  run: object,
  { labels }: { readonly labels: readonly string[] },
  examples: number,
): void {
  const { before, headOnly } = (run as ClassifierState).baseline;
  for (const measured of [before, headOnly]) {
    if (measured === null) continue;
    const { perClass, count } = measured;
    for (const [what, length, expected] of [
      ["classes", perClass.length, labels.length],
      ["examples", count, examples],
    ] as const) {
      if (length === expected) continue;
      throw new ConfigError(`state: run.baseline has ${length} ${what}, the data ${expected}`, {
        op: "state",
        option: "run.baseline",
        length,
        expected,
      });
    }
  }
}
