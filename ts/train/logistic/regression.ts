import type { Graph } from "../../graph/graph.js";
import { log } from "../../values/elementary.js";
import { Cholesky } from "./cholesky.js";
import { covariance, type Linear, measure, type Weighted } from "./cross-entropy.js";
import { minimise, type Objective } from "./lbfgs.js";

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
