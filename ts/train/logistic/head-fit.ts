import { Graph } from "../../graph/graph.js";
import { exp, log } from "../../values/elementary.js";
import type { Tensor } from "../../values/tensor.js";
import { throwIfAborted } from "../../waiting/abort.js";
import { breather } from "../../waiting/next-task.js";
import { partings } from "./parts.js";
import { Regression, type Weighted } from "./regression.js";
import { rowsOf, type ScaledVectors, unscaled } from "./scaled-vectors.js";

/**
 * Strengths to try: C times the vectors' mean squared distance from their mean, half a decade apart except for the first two, from the
 * strongest penalty on, until two in a row are worse than the best.
 */
const PATH = [0.1, ...[1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8].map(Math.sqrt)];
/** The strength if nothing can be held out. */
const MIDDLE = 10;
/** Relative tolerance above the minimum loss: for comparing strengths, and for the float32 result. */
const [ROUGH, FINE] = [2e-4, 5e-12];
/** A strength is better only if its mean held-out loss is lower by more than this; of two equal ones, the stronger is chosen. */
const BETTER = 1e-3;
/** A class without examples counts as this share of an example at the vectors' mean. */
const SHARE_OF_NONE = 0.5;

/** A strength, and a head from which its fit starts. */
interface Choice {
  /** C times the vectors' mean square. */
  readonly strength: number;
  readonly values: Float64Array;
  readonly spread: number;
  /** Number of fits in all. */
  readonly total: number;
  /** Summed held-out loss. */
  readonly held: number;
}

/** Fits a head on WASM, beside a GPU too: each step of L-BFGS needs the loss of the one before. */
export async function fittedHead(
  graph: Graph,
  scaled: ScaledVectors,
  targets: readonly number[],
  classes: number,
  settings: RegressionSettings,
): Promise<LogisticRegression> {
  const { engine } = graph;
  const on = engine.atOnce === engine ? graph : new Graph({ engine: engine.atOnce });
  try {
    return await new HeadFit(on, scaled, targets, classes, settings).run();
  } finally {
    if (on !== graph) on.dispose();
  }
}

/** One call of `fitLogisticRegression`. */
class HeadFit {
  /** Classes that have examples, in order. */
  private readonly present: readonly number[];
  private readonly targets: readonly number[];
  private readonly breathe: () => Promise<void> | undefined;
  private readonly squared: number;
  private done = 0;

  constructor(
    private readonly graph: Graph,
    private readonly scaled: ScaledVectors,
    targets: readonly number[],
    private readonly classes: number,
    private readonly settings: RegressionSettings,
  ) {
    this.present = [...new Set(targets)].sort((a, b) => a - b);
    const places = new Map(this.present.map((target, i) => [target, i]));
    this.targets = targets.map((target) => places.get(target)!);
    this.breathe = breather(settings.signal);
    this.squared = scaled.deviation * scaled.deviation;
  }

  async run(): Promise<LogisticRegression> {
    const { scaled, graph, present, squared, settings } = this;
    const all = this.weighted(this.targets.map((_, i) => i));
    const regression = await Regression.of(
      graph,
      all,
      { hidden: scaled.hidden, classes: present.length },
      this.breathe,
    );
    const { regularisation } = settings;
    const given = regularisation === undefined ? MIDDLE : regularisation * squared;
    const start = { ...regression.start(all), strength: given, total: 1, held: Infinity };
    if (regularisation !== undefined) this.tell(0, 1, start.loss);
    const chosen = regularisation === undefined ? await this.choose(regression, start) : start;
    const { strength, values, spread, total } = chosen;
    const penalty = this.penalty(strength, all);
    const scaling = await regression.scaling(spread, penalty);
    const fitted = await regression.fit(all, values, penalty, scaling, FINE);
    this.tell(total, total, fitted.loss);
    return {
      ...this.head(fitted.values),
      regularisation: regularisation ?? strength / squared,
      iterations: fitted.iterations,
    };
  }

  private tell(done: number, total: number, loss: number): void {
    const { onProgress, signal } = this.settings;
    onProgress?.({ done, total, loss });
    throwIfAborted(signal);
  }

  /** The strength with the lowest held-out loss, and a head fitted with it. */
  private async choose(regression: Regression, start: Choice & { readonly loss: number }): Promise<Choice> {
    const { targets, settings, graph } = this;
    const rounds = partings(targets, settings.groups ?? null, settings.seed, graph.engine).map(({ fitted, held }) => {
      const own = this.weighted(fitted);
      return { fitted: own, held: this.weighted(held), head: regression.start(own) };
    });
    const total = rounds.length * PATH.length + 1;
    this.tell(0, total, start.loss);
    let best: Choice = { ...start, total };
    if (rounds.length === 0) return best;
    const better = BETTER * rounds.reduce((weight, { held }) => weight + held.total, 0);
    let worse = 0;
    for (const strength of PATH) {
      let sum = 0;
      const penalty = this.penalty(strength, rounds[0]!.fitted);
      const scaling = await regression.scaling(rounds[0]!.head.spread, penalty);
      for (const round of rounds) {
        const { fitted, held, head } = round;
        round.head = await regression.fit(fitted, head.values, this.penalty(strength, fitted), scaling, ROUGH);
        sum += await regression.held(held, round.head.values);
        this.tell(++this.done, total, round.head.loss);
      }
      worse = sum < best.held - better ? 0 : worse + 1;
      const { values, spread } = rounds[0]!.head;
      if (worse === 0) best = { strength, values, spread, total, held: sum };
      else if (worse === 2) break;
    }
    return best;
  }

  /** Weight of ½·|weight|² relative to the mean loss. With two classes, each has half of scikit-learn's single weight. */
  private penalty(strength: number, { total }: Weighted): number {
    return (this.present.length === 2 ? 2 : 1) / (strength * total);
  }

  /** Some of the examples, with the weights of all, so that losses are comparable. */
  private weighted(places: readonly number[]): Weighted {
    const { scaled, settings, present } = this;
    const counts = new Float64Array(present.length);
    for (const target of this.targets) counts[target]!++;
    const targets = places.map((place) => this.targets[place]!);
    const { classWeights } = settings;
    const weightOf = (target: number) => {
      if (typeof classWeights !== "string") return classWeights[present[target]!]!;
      return classWeights === "balanced" ? scaled.count / (present.length * counts[target]!) : 1;
    };
    const weights = Float64Array.from(targets, weightOf);
    return { rows: rowsOf(scaled, places), targets, weights, total: weights.reduce((sum, x) => sum + x, 0) };
  }

  /** The head for all classes from that of the present ones, in the vectors' original scale. */
  private head(values: Float64Array): { weight: Tensor; bias: Tensor } {
    const { scaled, present, classes } = this;
    const { hidden, count } = scaled;
    const known = present.length;
    const weight = new Float64Array(hidden * classes);
    const bias = new Float64Array(classes);
    const own = values.subarray(hidden * known);
    const highest = own.reduce((most, x) => Math.max(most, x), -Infinity);
    const normaliser = highest + log(own.reduce((sum, x) => sum + exp(x - highest), 0));
    bias.fill(normaliser + log(SHARE_OF_NONE / count));
    present.forEach((target, c) => {
      bias[target] = own[c]!;
      for (let i = 0; i < hidden; i++) weight[i * classes + target] = values[i * known + c]!;
    });
    return unscaled(scaled, weight, bias);
  }
}

/** Options of `fitLogisticRegression`. */
export interface LogisticRegressionOptions {
  /**
   * scikit-learn's C: weight of the examples' summed loss relative to ½·|weight|². Default: chosen on held-out examples.
   */
  readonly regularisation?: number;
  /**
   * Weights of the classes. "balanced": every class the same, whatever its number of examples; or a positive number for each class, as in
   * scikit-learn. Default "none": every example the same.
   */
  readonly classWeights?: "none" | "balanced" | readonly number[];
  /** Seed of the choice of held-out examples; default 0. */
  readonly seed?: number;
  /** Group of each example, as in `splitExamples`: those of a group are held out together. Default: no groups. */
  readonly groups?: readonly (string | number)[];
  /** Called after each fit, first with `done` 0 and last with all done; `total` is the maximum. */
  readonly onProgress?: (event: { readonly done: number; readonly total: number; readonly loss: number }) => void;
  /** Cancels: rejects with `AbortError` within about 20 ms. */
  readonly signal?: AbortSignal;
}

/** A fitted head, for `ClassificationHead`, and details of the fit. */
export interface LogisticRegression {
  /** `[hidden, classes]` */
  readonly weight: Tensor;
  /** `[classes]` */
  readonly bias: Tensor;
  /** C, given or chosen. */
  readonly regularisation: number;
  /** L-BFGS iterations of the last fit, on all examples. */
  readonly iterations: number;
}

/** Progress of a fit. */
export type Progress = Parameters<NonNullable<LogisticRegressionOptions["onProgress"]>>[0];

/** The options, checked. */
export interface RegressionSettings<P = Progress> {
  readonly regularisation?: number;
  readonly classWeights: "none" | "balanced" | readonly number[];
  readonly seed: number;
  readonly groups?: readonly (string | number)[];
  readonly onProgress?: (event: P) => void;
  readonly signal?: AbortSignal;
}
