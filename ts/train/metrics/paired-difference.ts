import { listFrom } from "../../arguments/collections.js";
import { readOptions } from "../../arguments/read-options.js";
import { ShapeError } from "../../errors/errors.js";
import { unexpected } from "../../arguments/settings.js";
import { readSignal, throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { NORMAL_97_5 } from "./wilson.js";
import {
  type BootstrapOptions,
  bootstrapReaders,
  cellMeasure,
  type Interval,
  middle95,
  resample,
} from "./bootstrap.js";

/** By how much one classifier is better than another. */
export interface Difference {
  /** The first's less the second's. */
  readonly difference: number;
  /** 95 % interval of that. Where 0 lies in it, these texts do not tell which of the two is better. */
  readonly interval: Interval;
}

/** Two classifiers on the same texts. */
export interface PairedDifference {
  /** Texts. */
  readonly count: number;
  /** Of the shares of right predictions. */
  readonly accuracy: Difference;
  /** Of the mean F1 over classes. */
  readonly macroF1: Difference;
}

/** How two classifiers are compared. */
export interface PairedOptions extends BootstrapOptions {
  /** Cancels: it then rejects with `AbortError`. */
  readonly signal?: AbortSignal;
}

type Settings = Required<BootstrapOptions> & { readonly signal: AbortSignal | undefined };

const what = "pairedDifference";
const readers = {
  ...bootstrapReaders,
  signal: readSignal,
};

/**
 * How much better classifier `a` is than `b`, both asked about the same texts, with 95 % intervals: of accuracy by
 * Agresti and Min's formula, of macro F1 percentiles of a paired bootstrap, which draws texts, each with both answers. Much narrower than the intervals of the two apart. Of many texts of many classes
 * it takes seconds, in which other work goes on.
 *
 * @param a, b, truth a label a text, as names or as class indices
 * Rejects with `ConfigError` for what are no such lists, with `ShapeError` where they differ in length.
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
  // Texts with the same truth and the same two answers are of one kind.
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
  const breathe = breather(signal);
  const scores: number[] = [];
  for (const drawn of resample(counts, settings)) {
    scores.push(one(drawn).macroF1 - other(drawn).macroF1);
    await breathe();
  }
  throwIfAborted(signal);
  return {
    count: right.length,
    accuracy: { difference: of.accuracy - than.accuracy, interval: pairedShares(gains(first, second, right)) },
    macroF1: { difference: of.macroF1 - than.macroF1, interval: middle95(Float64Array.from(scores)) },
  };
}

/**
 * 95 % interval of the difference of two shares on the same texts (Agresti and Min 2005: half a text more of each kind). It has a width
 * where a handful of texts all say the same, of which a bootstrap is certain.
 */
function pairedShares([only, other, rest]: readonly number[]): Interval {
  const count = only! + other! + rest! + 2;
  const [gained, lost] = [(only! + 0.5) / count, (other! + 0.5) / count];
  const difference = gained - lost;
  const half = NORMAL_97_5 * Math.sqrt((gained + lost - difference * difference) / count);
  return [Math.max(-1, difference - half), Math.min(1, difference + half)];
}

/** Texts that only the first has right, that only the second has, and all others: what accuracy's difference depends on. */
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
