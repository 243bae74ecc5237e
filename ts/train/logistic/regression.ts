import type { Graph } from "../../graph/graph.js";
import { exp, log } from "../../values/elementary.js";
import { Cholesky } from "./cholesky.js";
import { minimise, type Objective } from "./lbfgs.js";

/** Rows multiplied at once: memory stays small, and sums over more rows are in float64. */
const CHUNK = 1024;
/** Logits computed at once: fewer rows for many classes, so that the event loop is not blocked. */
const LOGITS = 2 ** 20;
/** Most products of a covariance: fewer rows for wide vectors. */
const PRODUCTS = 2 ** 28;

/** Examples to fit to, or to measure on. */
export interface Weighted {
  /** `[count, hidden]`, row by row. */
  readonly rows: Float32Array;
  readonly targets: readonly number[];
  /** Weight of each example. */
  readonly weights: Float64Array;
  /** Sum of the weights. */
  readonly total: number;
}

/** A linear head: weight `[hidden, classes]`, then bias `[classes]`. */
interface Linear {
  readonly hidden: number;
  readonly classes: number;
  readonly values: Float64Array;
}

/** Loss of a head on some examples, as weighted means. @internal exported for its tests */
export interface Measured {
  /** Mean cross entropy. */
  readonly loss: number;
  /** Gradient of the loss by weight and bias; empty if not requested. */
  readonly gradient: Float64Array;
  /** Mean of p·(1 − p) over examples and classes, the curvature of the loss; 0 if no gradient is requested. */
  readonly spread: number;
}

/**
 * Mean cross entropy of a head, with its gradient. The kernels compute products in float32; softmax, loss and sums over chunks are float64.
 * @internal exported for its tests
 */
export async function measure(
  graph: Graph,
  { rows, targets, weights, total }: Weighted,
  { hidden, classes, values }: Linear,
  breathe: () => Promise<void> | undefined,
  wantsGradient = true,
): Promise<Measured> {
  const matrix = { shape: [hidden, classes], data: new Float32Array(values.subarray(0, hidden * classes)) };
  const bias = values.subarray(hidden * classes);
  const gradient = new Float64Array(wantsGradient ? values.length : 0);
  const biases = hidden * classes;
  let [loss, spread] = [0, 0];
  await inChunks(graph, targets.length, Math.floor(LOGITS / classes), breathe, (start, count) => {
    const data = rows.subarray(start * hidden, (start + count) * hidden);
    const x = graph.constant({ shape: [count, hidden], data });
    const logits = graph.value(graph.matmul(x, graph.constant(matrix))).data;
    const p = new Float64Array(classes);
    for (let i = 0; i < count; i++) {
      const [target, weight] = [targets[start + i]!, weights[start + i]! / total];
      const at = i * classes;
      let [highest, sum] = [-Infinity, 0];
      for (let c = 0; c < classes; c++) highest = Math.max(highest, (p[c] = logits[at + c]! + bias[c]!));
      const own = p[target]!;
      for (let c = 0; c < classes; c++) sum += p[c] = exp(p[c]! - highest);
      loss += weight * (highest + log(sum) - own);
      if (!wantsGradient) continue;
      const inverse = 1 / sum;
      const scale = weight * total;
      let curvature = 0;
      p[target]! -= sum;
      for (let c = 0; c < classes; c++) {
        // q of every class, and q − 1 for the target; the product with its distance from 1 is the same except for the sign.
        const residual = p[c]! * inverse;
        curvature += Math.abs(residual) * (1 - Math.abs(residual));
        logits[at + c] = residual * scale;
        gradient[biases + c]! += residual * weight;
      }
      spread += (weight * curvature) / classes;
    }
    if (!wantsGradient) return;
    const residuals = graph.constant({ shape: [count, classes], data: logits });
    const { data: products } = graph.value(graph.matmul(x, residuals, { transposeA: true }));
    for (let i = 0; i < products.length; i++) gradient[i]! += products[i]! / total;
  });
  return { loss, gradient, spread };
}

/** @internal exported for its tests */
/** Weighted mean of x·xᵀ, `[hidden, hidden]`, from float32 products. */
export async function covariance(
  graph: Graph,
  { rows, targets, weights, total }: Weighted,
  hidden: number,
  breathe: () => Promise<void> | undefined,
): Promise<Float64Array> {
  const sums = new Float64Array(hidden * hidden);
  await inChunks(graph, targets.length, Math.floor(PRODUCTS / (hidden * hidden)), breathe, (start, count) => {
    const data = rows.slice(start * hidden, (start + count) * hidden);
    const x = graph.constant({ shape: [count, hidden], data });
    for (let i = 0; i < data.length; i++) data[i]! *= weights[start + Math.floor(i / hidden)]! / total;
    const weighted = graph.constant({ shape: [count, hidden], data });
    const { data: products } = graph.value(graph.matmul(weighted, x, { transposeA: true }));
    for (let i = 0; i < products.length; i++) sums[i]! += products[i]!;
  });
  return sums;
}

/** Works on `total` rows, at most `most` at once in a step of the graph; the event loop runs in between. */
async function inChunks(
  graph: Graph,
  total: number,
  most: number,
  breathe: () => Promise<void> | undefined,
  work: (start: number, count: number) => void,
): Promise<void> {
  const chunk = Math.max(1, Math.min(CHUNK, most));
  for (let start = 0; start < total; start += chunk) {
    await breathe();
    graph.step(() => work(start, Math.min(chunk, total - start)));
  }
}

/** A fitted head. */
export interface Fitted {
  readonly values: Float64Array;
  readonly iterations: number;
  /** Mean cross entropy on the examples it was fitted to. */
  readonly loss: number;
  readonly spread: number;
}

/** Maximum number of iterations; 12 to 24 are usual. */
const LIMIT = 300;

/** Multinomial logistic regression on scaled vectors, one strength after the other. */
export class Regression {
  private constructor(
    private readonly graph: Graph,
    private readonly hidden: number,
    private readonly classes: number,
    /** Factor for all examples; accurate enough for a part of them. */
    private readonly moments: Float64Array,
    private readonly breathe: () => Promise<void> | undefined,
  ) {}

  static async of(
    graph: Graph,
    all: Weighted,
    { hidden, classes }: Omit<Linear, "values">,
    breathe: () => Promise<void> | undefined,
  ): Promise<Regression> {
    return new Regression(graph, hidden, classes, await covariance(graph, all, hidden, breathe), breathe);
  }

  /** Zero weight, and the bias from the classes' shares. */
  start({ targets, weights, total }: Weighted): Fitted {
    const { hidden, classes } = this;
    const shares = new Float64Array(classes);
    targets.forEach((target, i) => (shares[target]! += weights[i]! / total));
    const logs = shares.map(log);
    const mean = logs.reduce((sum, x) => sum + x, 0) / classes;
    const values = new Float64Array((hidden + 1) * classes);
    logs.forEach((x, c) => (values[hidden * classes + c] = x - mean));
    const spread = shares.reduce((sum, p) => sum + p * (1 - p), 0) / classes;
    return { values, iterations: 0, loss: -shares.reduce((sum, p) => sum + p * log(p), 0), spread };
  }

  /**
   * Variables with about equal curvature in every direction, so that a dozen iterations suffice: u = Lᵀ·w, with L·Lᵀ ≈ Hessian = spread ·
   * mean of x·xᵀ + penalty.
   */
  async scaling(spread: number, penalty: number): Promise<Scaling> {
    const { hidden, moments, breathe } = this;
    const curvature = Math.max(spread, 1e-6);
    const matrix = new Float64Array(moments.length);
    for (let i = 0; i < matrix.length; i++) matrix[i] = curvature * moments[i]!;
    for (let i = 0; i < hidden; i++) matrix[i * (hidden + 1)]! += penalty;
    return { factor: await Cholesky.of(matrix, hidden, breathe), bias: Math.sqrt(curvature) };
  }

  /**
   * The minimum of mean cross entropy + ½ · penalty · |weight|².
   *
   * @param start the initial head; @param tolerance relative tolerance above the minimum
   */
  async fit(
    examples: Weighted,
    start: Float64Array,
    penalty: number,
    { factor, bias }: Scaling,
    tolerance: number,
  ): Promise<Fitted> {
    const { graph, hidden, classes, breathe } = this;
    const weights = hidden * classes;
    const scaleBias = (values: Float64Array, by: number) => {
      for (let i = weights; i < values.length; i++) values[i]! *= by;
    };
    const toValues = async (point: Float64Array) => {
      const values = point.slice();
      await factor.solveTransposed(values, classes);
      scaleBias(values, 1 / bias);
      return values;
    };
    let spread = 0;
    const objective: Objective = async (point) => {
      const values = await toValues(point);
      const measured = await measure(graph, examples, { hidden, classes, values }, breathe);
      const { gradient } = measured;
      ({ spread } = measured);
      let value = measured.loss;
      for (let i = 0; i < weights; i++) {
        value += 0.5 * penalty * (values[i]! * values[i]!);
        gradient[i]! += penalty * values[i]!;
      }
      await factor.solve(gradient, classes);
      scaleBias(gradient, 1 / bias);
      return { point, value, gradient };
    };
    const point = start.slice();
    await factor.multiplyTransposed(point, classes);
    scaleBias(point, bias);
    const found = await minimise(objective, point, { tolerance, limit: LIMIT, breathe });
    const values = await toValues(found.point);
    let squares = 0;
    for (let i = 0; i < weights; i++) squares += values[i]! * values[i]!;
    return { values, iterations: found.iterations, loss: found.value - 0.5 * penalty * squares, spread };
  }

  /** Weighted sum of the examples' losses. */
  async held(examples: Weighted, values: Float64Array): Promise<number> {
    const { graph, hidden, classes, breathe } = this;
    const { loss } = await measure(graph, examples, { hidden, classes, values }, breathe, false);
    return loss * examples.total;
  }
}

/** The scaling of variables. */
export interface Scaling {
  readonly factor: Cholesky;
  readonly bias: number;
}
