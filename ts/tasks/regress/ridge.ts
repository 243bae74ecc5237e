import type { Engine } from "../../engine/running.js";
import { Cholesky } from "../../train/logistic/cholesky.js";
import { partings } from "../../train/logistic/parts.js";
import { scaledVectors, unscaled } from "../../train/logistic/scaled-vectors.js";
import type { Tensor } from "../../values/tensor.js";
import { breather } from "../../waiting/next-task.js";

/** A linear function of vectors, for `ClassificationHead`. */
export interface Ridge {
  /** `[hidden, 1]` */
  readonly weight: Tensor;
  /** `[1]` */
  readonly bias: Tensor;
  /** The penalty: scikit-learn's alpha. */
  readonly alpha: number;
}

/** Penalties that are tried, from the strongest on: alpha over the number of examples and the vectors' mean squared distance from their mean. */
const PATH = [100, 10, 1, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/** Penalty if nothing can be held out. */
const MIDDLE = 1e-2;
/** A weaker penalty is better if the squared error on held-out examples is lower by more than this share. */
const BETTER = 1e-3;

/** Sums over some examples. */
interface Sums {
  count: number;
  target: number;
  readonly vector: Float64Array;
  readonly products: Float64Array;
  /** `[hidden, hidden]`, the lower half. */
  readonly squares: Float64Array;
}

/**
 * Ridge regression in closed form, in float64: scikit-learn's `Ridge(alpha)`, whose intercept has no penalty. Without `alpha` it is chosen by the
 * squared error on held-out fifths, in turn up to 1,000 examples, as `fitLogisticRegression` chooses C. Rejects with `AbortError` if `signal` is
 * aborted, with `NonFiniteError` for vectors with NaN or infinity.
 */
export async function fitRidge(
  engine: Engine,
  vectors: readonly Float32Array[],
  targets: readonly number[],
  { alpha, seed, signal }: { alpha?: number; seed: number; signal?: AbortSignal | undefined },
): Promise<Ridge> {
  const scaled = scaledVectors(vectors);
  const { rows, hidden, count, deviation } = scaled;
  const breathe = breather(signal);
  const row = (i: number) => rows.subarray(i * hidden, (i + 1) * hidden);
  const sumsOf = async (places: Iterable<number>): Promise<Sums> => {
    const squares = new Float64Array(hidden * hidden);
    const sums = { count: 0, target: 0, vector: new Float64Array(hidden), products: new Float64Array(hidden), squares };
    for (const i of places) {
      await breathe();
      const x = row(i);
      sums.count++;
      sums.target += targets[i]!;
      for (let j = 0; j < hidden; j++) {
        sums.vector[j]! += x[j]!;
        sums.products[j]! += x[j]! * targets[i]!;
        for (let k = 0; k <= j; k++) squares[j * hidden + k]! += x[j]! * x[k]!;
      }
    }
    return sums;
  };
  /** Weight and bias on the scaled vectors; `penalty` is alpha over the number of examples there. */
  const solve = async ({ count: n, target, vector, products, squares }: Sums, penalty: number) => {
    const matrix = Float64Array.from(squares);
    const weight = Float64Array.from(products, (product, j) => product - (vector[j]! * target) / n);
    for (let j = 0; j < hidden; j++) {
      for (let k = 0; k <= j; k++) matrix[j * hidden + k]! -= (vector[j]! * vector[k]!) / n;
      matrix[j * hidden + j]! += penalty * n;
    }
    const factor = await Cholesky.of(matrix, hidden, breathe);
    await factor.solve(weight, 1);
    await factor.solveTransposed(weight, 1);
    const bias = (target - weight.reduce((sum, w, j) => sum + w * vector[j]!, 0)) / n;
    return { weight, bias };
  };
  const choose = async (): Promise<number> => {
    const one = new Array<number>(count).fill(0);
    const rounds = partings(one, null, seed, engine);
    const errors = PATH.map(() => 0);
    for (const { fitted, held } of rounds) {
      const sums = await sumsOf(fitted);
      for (const [p, penalty] of PATH.entries()) {
        const { weight, bias } = await solve(sums, penalty);
        for (const i of held) {
          const error = row(i).reduce((sum, x, j) => sum + x * weight[j]!, bias) - targets[i]!;
          errors[p]! += error * error;
        }
      }
    }
    const least = Math.min(...errors);
    return rounds.length === 0 ? MIDDLE : PATH[errors.findIndex((error) => error <= least * (1 + BETTER))]!;
  };
  const penalty = alpha === undefined ? await choose() : alpha / (count * deviation * deviation);
  const { weight, bias } = await solve(await sumsOf(rowNumbers(count)), penalty);
  return { ...unscaled(scaled, weight, Float64Array.of(bias)), alpha: penalty * count * deviation * deviation };
}

const rowNumbers = (count: number) => new Array<number>(count).keys();
