import { listFrom, unexpected } from "../../arguments/settings.js";
import { readOptions } from "../../arguments/options.js";
import { ShapeError } from "../../errors/errors.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { mean } from "../evaluators/number-lists.js";
import {
  bootstrapInterval,
  type BootstrapOptions,
  bootstrapReaders,
  cellMeasure,
  type Interval,
  meanInterval,
  NORMAL_97_5,
} from "./bootstrap.js";

/** Difference between two classifiers. */
export interface Difference {
  /** Score of the first minus that of the second. */
  readonly difference: number;
  /** 95 % interval of the difference. If it contains 0, these texts do not show which is better. */
  readonly interval: Interval;
}

/** Comparison of two classifiers on the same texts. */
export interface PairedDifference {
  /** Number of texts. */
  readonly count: number;
  /** Difference of the accuracies. */
  readonly accuracy: Difference;
  /** Difference of the macro F1. */
  readonly macroF1: Difference;
}

/** Options of `pairedDifference`. */
export interface PairedOptions extends BootstrapOptions {
  /** Cancels: the call rejects with `AbortError`. */
  readonly signal?: AbortSignal;
}

type Settings = Required<BootstrapOptions> & { readonly signal: AbortSignal | undefined };

const what = "pairedDifference";
const readers = {
  ...bootstrapReaders,
  signal: readSignal,
};

/**
 * Compares two classifiers, `a` and `b`, on the same texts, with 95 % intervals: of accuracy by Agresti and Min's formula, of macro F1 by
 * percentiles of a paired bootstrap, which draws texts with both predictions. The intervals are much narrower than those of each
 * classifier. Takes seconds for many texts of many classes; other work can run in between.
 *
 * @param a, b, truth a label for each text, as names or class indices
 * Rejects with `ConfigError` for anything but such lists, with `ShapeError` for different lengths.
 *
 * @example
 * const labels = async (one) => (await one.predict(texts)).map(({ label }) => label);
 * const { accuracy } = await pairedDifference(await labels(large), await labels(small), truth); // { difference: 0.01, interval: [-0.01, 0.03] }
 */
export async function pairedDifference(
  a: readonly (string | number)[],
  b: readonly (string | number)[],
  truth: readonly (string | number)[],
  options: PairedOptions = {},
): Promise<PairedDifference> {
  const { signal, ...settings } = readOptions<Settings>(what, options, readers);
  throwIfAborted(signal);
  const indices = new Map<string | number, number>();
  const [first, second, right] = [take("a", a), take("b", b), take("truth", truth)].map((labels) =>
    labels.map((label) => indices.get(label) ?? (indices.set(label, indices.size), indices.size - 1)),
  ) as [number[], number[], number[]];
  for (const [name, list] of [["a", first] as const, ["b", second] as const]) {
    if (list.length === right.length && right.length > 0) continue;
    throw new ShapeError(
      `${what}: a label a text is expected, and a text at least; ${name} has ${list.length}, truth has ${right.length}`,
      { op: what, option: name, length: list.length, expected: right.length },
    );
  }
  // Texts with the same truth and the same two predictions are of the same kind.
  const kinds = new Map<string, { readonly at: number; count: number }>();
  right.forEach((label, i) => {
    const key = `${label} ${first[i]!} ${second[i]!}`;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { at: i, count: 1 });
    else kind.count++;
  });
  const all = [...kinds.values()];
  const measureOf = (predicted: readonly number[]) =>
    cellMeasure(all.map(({ at }) => ({ truth: right[at]!, predicted: predicted[at]! })));
  const [one, other] = [measureOf(first), measureOf(second)];
  const counts = all.map(({ count }) => count);
  const [of, than] = [one(counts), other(counts)];
  const above = (drawn: Float64Array) => one(drawn).macroF1 - other(drawn).macroF1;
  const interval = await bootstrapInterval(counts, above, signal, settings);
  throwIfAborted(signal);
  return {
    count: right.length,
    accuracy: { difference: of.accuracy - than.accuracy, interval: pairedShares(gains(first, second, right)) },
    macroF1: { difference: of.macroF1 - than.macroF1, interval },
  };
}

/** Least texts: with fewer, even if all favour one side, that happens by chance in more than 5 % of cases (a sign test). */
const LEAST = 6;

/**
 * Compares two models by a score that each has for each text, the higher the better: the difference of the means, with a 95 % interval. If
 * all scores are 0 or 1, it is one of shares, by Agresti and Min's formula; otherwise percentiles of a bootstrap over the texts' differences,
 * which contains 0 for fewer than 6 texts. Rejects with `AbortError` if `signal` is aborted.
 */
export async function scoreDifference(
  first: readonly number[],
  second: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Difference> {
  const { length } = first;
  const above = first.map((score, i) => score - second[i]!);
  const difference = mean(above);
  const numberOf = (isOne: (gain: number) => boolean) => above.filter(isOne).length;
  if ([...first, ...second].every((score) => score === 0 || score === 1)) {
    const [gained, lost] = [numberOf((gain) => gain > 0), numberOf((gain) => gain < 0)];
    return { difference, interval: pairedShares([gained, lost, length - gained - lost]) };
  }
  // All scores of no texts are 0 or 1.
  const [low, high] = (await meanInterval(above, signal))!;
  return { difference, interval: length < LEAST ? [Math.min(low, 0), Math.max(high, 0)] : [low, high] };
}

/**
 * 95 % interval of the difference of two proportions on the same texts (Agresti and Min 2005: adds half a text of each kind). It has a
 * width even if a few texts all agree, where a bootstrap's has none.
 */
function pairedShares([only, other, rest]: readonly number[]): Interval {
  const count = only! + other! + rest! + 2;
  const [gained, lost] = [(only! + 0.5) / count, (other! + 0.5) / count];
  const difference = gained - lost;
  const half = NORMAL_97_5 * Math.sqrt((gained + lost - difference * difference) / count);
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}

/** Counts of texts that only the first has right, that only the second has right, and others, which determine the difference of accuracies. */
function gains(first: readonly number[], second: readonly number[], right: readonly number[]): number[] {
  const counts = [0, 0, 0];
  right.forEach((label, i) => {
    const [a, b] = [first[i] === label, second[i] === label];
    counts[a === b ? 2 : a ? 0 : 1]!++;
  });
  return counts;
}

function take(name: string, labels: unknown): (string | number)[] {
  return listFrom(`${what}: ${name} is a list of labels`, labels, (label, place) => {
    if (typeof label === "string" || Number.isSafeInteger(label)) return label as string | number;
    throw unexpected(what, name, "a list of names or class indices", label, undefined, { place });
  });
}
