import { finite, share, unexpected, whole } from "../../arguments/settings.js";
import { isJsonObject } from "../../io/json.js";
import { type Metrics, scoresOf } from "../../train/metrics/metrics.js";

/** Throws `ConfigError` unless predictions are those that a confusion matrix counts. */
export function checkPredictions(what: string, place: string, value: unknown, measured: Metrics | null): void {
  if (measured === null) {
    if (value === null) return;
    throw unexpected(what, place, "null, since the head alone was not measured", value);
  }
  const counts = measured.confusion[0]!.map((_, j) => measured.confusion.reduce((sum, row) => sum + row[j]!, 0));
  if (Array.isArray(value) && value.length === measured.count && value.every(Number.isSafeInteger)) {
    for (const predicted of value as number[]) counts[predicted]!--;
    if (counts.every((left) => left === 0)) return;
  }
  throw unexpected(what, place, `the ${measured.count} classes that the confusion matrix counts`, value);
}

/** Throws `ConfigError`, naming the field, unless a value from a file is what a run measures. */
export function checkMetrics(what: string, place: string, value: unknown): asserts value is Metrics {
  const { count, accuracy, loss, confusion, perClass, macroF1, intervals } = objectAt(what, place, value);
  whole(what, `${place}.count`, count, 1);
  share(what, `${place}.accuracy`, accuracy);
  finite(what, `${place}.loss`, loss);
  const isSquare = Array.isArray(confusion) && confusion.every((row) => isCounts(row, confusion.length));
  if (!isSquare || (confusion as number[][]).flat().reduce((sum, n) => sum + n, 0) !== count)
    throw unexpected(what, `${place}.confusion`, `a square of counts that add up to ${String(count)}`, confusion);
  // What follows from the matrix is compared with it.
  const { perClass: scores, macroF1: mean } = scoresOf(confusion as number[][]);
  if (JSON.stringify(perClass) !== JSON.stringify(scores))
    throw unexpected(what, `${place}.perClass`, "what the confusion matrix says", perClass);
  if (macroF1 !== mean) throw unexpected(what, `${place}.macroF1`, "what the confusion matrix says", macroF1);
  if (intervals === null) return;
  const both = objectAt(what, `${place}.intervals`, intervals);
  for (const name of ["accuracy", "macroF1"]) {
    const ends = both[name];
    if (!Array.isArray(ends) || ends.length !== 2)
      throw unexpected(what, `${place}.intervals.${name}`, "two shares", ends);
    ends.forEach((end, i) => share(what, `${place}.intervals.${name}[${i}]`, end));
  }
}

const isCounts = (row: unknown, length: number) =>
  Array.isArray(row) && row.length === length && row.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

/** A value that is an object. Throws `ConfigError` for any other. */
export function objectAt(what: string, place: string, value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value;
  throw unexpected(what, place, "an object", value);
}
