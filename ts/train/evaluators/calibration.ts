import { or, readOptions } from "../../arguments/options.js";
import { unexpected, whole } from "../../arguments/settings.js";
import { exp, log } from "../../values/elementary.js";
import { finiteNumbers, mean, notEmpty, type NumberList, rowsOf, sameLength, sum } from "./number-lists.js";

/** Options of `calibration`. */
export interface CalibrationOptions {
  /** Number of equal intervals of confidence; default 10. */
  readonly bins?: number | undefined;
}

/** Predictions whose confidence lies in one interval. */
export interface CalibrationBin {
  /** Number of predictions. */
  readonly count: number;
  /** Share of right predictions; null without predictions. */
  readonly accuracy: number | null;
  /** Mean confidence; null without predictions. */
  readonly confidence: number | null;
}

/** Whether probabilities can be trusted. */
export interface CalibrationError {
  /** Share of right predictions. */
  readonly accuracy: number;
  /** Expected calibration error: Σ over intervals of share·|accuracy − confidence|. */
  readonly ece: number;
  /** Mean of −ln p of the true class. */
  readonly nll: number;
  /** Mean of Σ (p − [true class])² over classes. */
  readonly brier: number;
  /** The intervals of confidence (i/bins, (i + 1)/bins]. */
  readonly bins: readonly CalibrationBin[];
}

/** What `calibration` finds. */
export interface Calibration {
  /** T above 0 for which the mean −ln softmax(logits / T) of the true classes is least; from 0.001 to 1000. */
  readonly temperature: number;
  /** Error of softmax(logits). */
  readonly before: CalibrationError;
  /** Error of softmax(logits / T). */
  readonly after: CalibrationError;
}

const readers = { bins: or(10, whole, 1, 10_000) };

/**
 * How far probabilities are from the shares of right predictions, and the temperature that mends them (Guo et al. 2017). The confidence of
 * a prediction is its largest probability. Choose the temperature on texts that were not trained on.
 *
 * @param logits a row for each text, a number for each class
 * @param labels the true class of each
 * Throws `ShapeError` for rows of unlike lengths, `ConfigError` for none, for wrong classes and for logits that are not finite.
 */
export function calibration(
  logits: readonly NumberList[],
  labels: NumberList,
  options: CalibrationOptions = {},
): Calibration {
  const what = "calibration";
  const { bins } = readOptions(what, options, readers);
  const { rows, classes } = takeRows(what, "logits", logits, labels);
  const temperature = fitTemperature(rows, classes);
  const measured = (divisor: number) =>
    errorOf(
      rows.map((row) => softmax(row, divisor)),
      classes,
      bins,
    );
  return { temperature, before: measured(1), after: measured(temperature) };
}

/**
 * `calibration`'s errors of given probabilities, without a temperature.
 *
 * @param probabilities a row for each text, a number for each class
 */
export function calibrationError(
  probabilities: readonly NumberList[],
  labels: NumberList,
  options: CalibrationOptions = {},
): CalibrationError {
  const what = "calibrationError";
  const { bins } = readOptions(what, options, readers);
  const { rows, classes } = takeRows(what, "probabilities", probabilities, labels);
  rows.forEach((row, place) => {
    if (row.every((p) => p >= 0 && p <= 1)) return;
    throw unexpected(what, "probabilities", "rows of numbers from 0 to 1", row, undefined, { place });
  });
  return errorOf(
    rows.map((values) => ({ values, logs: values.map(log) })),
    classes,
    bins,
  );
}

interface Probabilities {
  readonly values: readonly number[];
  readonly logs: readonly number[];
}

function softmax(row: readonly number[], divisor: number): Probabilities {
  const scaled = row.map((logit) => logit / divisor);
  const most = scaled.reduce((a, b) => Math.max(a, b));
  const total = most + log(sum(scaled.map((logit) => exp(logit - most))));
  const logs = scaled.map((logit) => logit - total);
  return { logs, values: logs.map(exp) };
}

const square = (x: number) => x * x;

function errorOf(rows: readonly Probabilities[], classes: readonly number[], bins: number): CalibrationError {
  const found = rows.map(({ values }, i) => {
    const best = values.reduce((most, p, place) => (p > values[most]! ? place : most), 0);
    return { confidence: values[best]!, right: best === classes[i] ? 1 : 0 };
  });
  const intervals = Array.from({ length: bins }, () => ({ count: 0, right: 0, confidence: 0 }));
  for (const { confidence, right } of found) {
    // The first whose upper end reaches it; the product alone may be rounded up to the next.
    let place = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    if (place > 0 && confidence <= place / bins) place--;
    const interval = intervals[place]!;
    interval.count++;
    interval.right += right;
    interval.confidence += confidence;
  }
  const gaps = intervals.map(({ right, confidence }) => Math.abs(right - confidence) / rows.length);
  return {
    accuracy: mean(found.map(({ right }) => right)),
    ece: sum(gaps),
    nll: mean(rows.map(({ logs }, i) => -logs[classes[i]!]!)),
    brier: mean(rows.map(({ values }, i) => sum(values.map((p, place) => square(p - (place === classes[i] ? 1 : 0)))))),
    bins: intervals.map(({ count, right, confidence }) => ({
      count,
      accuracy: count === 0 ? null : right / count,
      confidence: count === 0 ? null : confidence / count,
    })),
  };
}

function takeRows(what: string, name: string, given: readonly NumberList[], labels: NumberList) {
  const rows = rowsOf(what, name, given, finiteNumbers);
  const classes = finiteNumbers(what, "labels", labels);
  sameLength(what, `rows of ${name}`, "labels", [rows.length, classes.length]);
  notEmpty(what, name, rows.length);
  const width = rows[0]!.length;
  notEmpty(what, `${name}[0]`, width);
  rows.forEach((row, place) => {
    sameLength(what, "classes", `${name} in row ${place}`, [width, row.length]);
    whole(what, `labels[${place}]`, classes[place], 0, width - 1);
  });
  return { rows, classes };
}

/** Limits of the temperature: where all predictions are right, or none is better than chance, there is no best one. */
const [LEAST, MOST] = [1e-3, 1e3];
const ROUNDS = 200;

/**
 * T for which the mean of −ln softmax(logits / T) of the true classes is least. It is convex in β = 1/T, so its derivative in β, the mean
 * of E_p[logit] − logit of the true class, grows: Newton's method between bounds, which halves them where a step leaves them.
 */
function fitTemperature(rows: readonly (readonly number[])[], classes: readonly number[]): number {
  let [low, high] = [1 / MOST, 1 / LEAST];
  if (derivatives(rows, classes, low).first >= 0) return MOST;
  if (derivatives(rows, classes, high).first <= 0) return LEAST;
  let beta = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const { first, second } = derivatives(rows, classes, beta);
    if (first === 0) break;
    if (first < 0) low = beta;
    else high = beta;
    const step = beta - first / second;
    // By the ratio: the bounds are far apart.
    const next = step > low && step < high ? step : Math.sqrt(low * high);
    if (Math.abs(next - beta) <= Number.EPSILON * beta) break;
    beta = next;
  }
  return 1 / beta;
}

/** Derivatives of the mean loss in β: Σ (E_p[z] − z_y) and Σ Var_p[z], by n. */
function derivatives(rows: readonly (readonly number[])[], classes: readonly number[], beta: number) {
  let [first, second] = [0, 0];
  rows.forEach((row, i) => {
    const most = row.reduce((a, b) => Math.max(a, b));
    let [total, expected, squares] = [0, 0, 0];
    for (const logit of row) {
      // From the largest logit, so that neither overflows nor cancels.
      const below = logit - most;
      const weight = exp(beta * below);
      total += weight;
      expected += weight * below;
      squares += weight * below * below;
    }
    expected /= total;
    first += expected - (row[classes[i]!]! - most);
    second += squares / total - expected * expected;
  });
  return { first: first / rows.length, second: second / rows.length };
}
