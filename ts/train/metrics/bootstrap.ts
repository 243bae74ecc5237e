import { or, type Readers } from "../../arguments/options.js";
import { whole } from "../../arguments/settings.js";
import { binomial, Philox } from "../../nn/random.js";
import { breather } from "../../waiting/next-task.js";
import { type Cell, type ClassCounts, meanF1 } from "./class-scores.js";

/** Lower and upper bound of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** Options of bootstrap intervals. */
export interface BootstrapOptions {
  /** Number of samples; default 1000. */
  readonly resamples?: number;
  /** Seed; default 0. */
  readonly seed?: number;
}

/** Readers of those options. */
export const bootstrapReaders: Readers<Required<BootstrapOptions>> = {
  resamples: or(1000, whole, 1, 1e6),
  seed: or(0, whole),
};

/** Accuracy and macro F1. */
export interface Overall {
  readonly accuracy: number;
  readonly macroF1: number;
}

/**
 * Bootstrap samples as counts: the number of examples of each kind in a sample is multinomial, so it is drawn kind by kind, each binomial
 * of the rest. The time depends on the number of kinds instead of examples. If nearly every example is a kind of its own, examples are
 * drawn one by one, which is then faster. The same list is returned each time.
 */
export function* resample(
  counts: readonly number[],
  { resamples, seed }: Required<BootstrapOptions>,
): Generator<Float64Array> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const draw = counts.length * KINDS > total ? byExample(counts, total) : byKind(counts, total);
  const drawn = new Float64Array(counts.length);
  for (let sample = 0; sample < resamples; sample++) {
    draw(new Philox(seed, sample), drawn);
    yield drawn;
  }
}

/** Number of examples a kind from which drawing kinds is faster than drawing examples. */
const KINDS = 4;

type Draw = (random: Philox, drawn: Float64Array) => void;

const byKind =
  (counts: readonly number[], total: number): Draw =>
  (random, drawn) => {
    let left = total;
    let open = total;
    for (let i = 0; i < counts.length; i++) {
      const count = counts[i]!;
      const some = count === open ? left : binomial(random, left, count / open);
      drawn[i] = some;
      left -= some;
      open -= count;
    }
  };

function byExample(counts: readonly number[], total: number): Draw {
  const kinds = new Int32Array(total);
  let next = 0;
  counts.forEach((count, kind) => kinds.fill(kind, next, (next += count)));
  return (random, drawn) => {
    drawn.fill(0);
    for (let i = 0; i < total; i++) drawn[kinds[Math.floor(random.uniform() * total)]!]!++;
  };
}

/** 95 % interval of a measure: percentiles of its values for bootstrap samples. Rejects with `AbortError` if `signal` is aborted. */
export async function bootstrapInterval(
  counts: readonly number[],
  measure: (drawn: Float64Array) => number,
  signal: AbortSignal | undefined,
  settings: Required<BootstrapOptions> = { resamples: 1000, seed: 0 },
): Promise<Interval> {
  const breathe = breather(signal);
  const values: number[] = [];
  for (const drawn of resample(counts, settings)) {
    values.push(measure(drawn));
    await breathe();
  }
  return middle95(Float64Array.from(values));
}

/** The middle 95 % of some numbers, linearly interpolated (NumPy's `percentile`). */
export function middle95(values: Float64Array): Interval {
  const sorted = values.toSorted();
  const at = (share: number) => {
    const place = share * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return low + (high - low) * (place - Math.floor(place));
  };
  return [at(0.025), at(0.975)];
}

/** Measures samples of one confusion matrix's cells, or of several with the same classes. Sums are reused. */
export function cellMeasure(cells: readonly Omit<Cell, "count">[]): (counts: ArrayLike<number>) => Overall {
  // Classes without a cell take no time.
  const used = [...new Set(cells.flatMap(({ truth, predicted }) => [truth, predicted]))];
  const places = new Map(used.map((one, i) => [one, i]));
  const truths = Int32Array.from(cells, ({ truth }) => places.get(truth)!);
  const predictions = Int32Array.from(cells, ({ predicted }) => places.get(predicted)!);
  const zeros = () => new Float64Array(used.length);
  const sums = { right: zeros(), support: zeros(), predicted: zeros() } satisfies ClassCounts;
  return (counts) => {
    for (const list of [sums.right, sums.support, sums.predicted]) list.fill(0);
    let right = 0;
    let total = 0;
    for (let i = 0; i < truths.length; i++) {
      const truth = truths[i]!;
      const predicted = predictions[i]!;
      const count = counts[i]!;
      total += count;
      sums.support[truth]! += count;
      sums.predicted[predicted]! += count;
      if (truth !== predicted) continue;
      sums.right[truth]! += count;
      right += count;
    }
    return { accuracy: right / total, macroF1: meanF1(sums) };
  };
}

/** The normal distribution's 97.5 % point. */
export const NORMAL_97_5 = 1.959963984540054;

/**
 * Wilson's 95 % interval of a proportion (1927): the proportions that are compatible with the observed one. Unlike a bootstrap's, it has a
 * width at 0 and at 1, and it holds its 95 % for few examples (Brown, Cai and DasGupta 2001).
 */
export function wilson(some: number, all: number): Interval {
  const share = some / all;
  const squared = (NORMAL_97_5 * NORMAL_97_5) / all;
  const centre = share + squared / 2;
  const half = NORMAL_97_5 * Math.sqrt((share * (1 - share)) / all + squared / (4 * all));
  const low = some === 0 ? 0 : (centre - half) / (1 + squared);
  const high = some === all ? 1 : (centre + half) / (1 + squared);
  return [low, high];
}

/**
 * The 95 % interval of a mean: percentiles of a bootstrap over the values. Undefined for no values. Rejects with `AbortError` if `signal` is
 * aborted.
 */
export async function meanInterval(
  values: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Interval | undefined> {
  if (values.length === 0) return undefined;
  const meanOf = (drawn: Float64Array) => values.reduce((sum, value, i) => sum + value * drawn[i]!, 0) / values.length;
  return bootstrapInterval(
    values.map(() => 1),
    meanOf,
    signal,
  );
}
