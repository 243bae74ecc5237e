import { checkRecord, positive, unexpected } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";

/**
 * Weights of the classes. "balanced": as in scikit-learn, examples / (classes × examples of the class), over the classes with examples. By
 * name: numbers above 0; other classes have weight 1.
 */
export type ClassWeights = "balanced" | Readonly<Record<string, number>>;

/** The weights of classes in the loss, and how often they are in the batches. */
export interface ClassBalance {
  readonly classWeights?: ClassWeights | null | undefined;
  readonly sampling?: "balanced" | null | undefined;
}

/**
 * The combined weight of each class when every example is used once, as in `fitHead`: its weight times the expected number of draws of its
 * examples. Throws as `classWeightsOf`.
 */
export function balanceOf(
  { classWeights, sampling }: ClassBalance,
  labels: readonly string[],
  targets: readonly number[],
  op = "fit",
): number[] | "balanced" | "none" {
  const factors = [classWeights ?? null, sampling ?? null].filter((factor) => factor !== null);
  if (factors.length === 0) return "none";
  if (factors.length === 1 && factors[0] === "balanced") return "balanced";
  const weights = factors.map((factor) => classWeightsOf(factor, labels, targets, op));
  return labels.map((_, i) => weights.reduce((product, own) => product * own[i]!, 1));
}

/**
 * Each class's weight, as float32. Throws `ConfigError` for unknown labels, and for weights that are not numbers above 0.
 * @param targets class of each example
 */
export function classWeightsOf(
  given: ClassWeights,
  labels: readonly string[],
  targets: readonly number[],
  op = "fit",
): Float32Array {
  if (given === "balanced") {
    const counts = new Array<number>(labels.length).fill(0);
    for (const target of targets) counts[target]!++;
    const used = counts.filter((count) => count > 0).length;
    return Float32Array.from(counts, (count) => (count === 0 ? 1 : targets.length / (used * count)));
  }
  const weights = weightsByLabel(op, given, labels, (option, value) => {
    const weight = positive(op, option, value);
    if (Math.fround(weight) === 0) throw unexpected(op, option, "a number that float32 does not round to 0", value);
    return weight;
  });
  return Float32Array.from(weights);
}

/** Weights by label as `check` returns them, in the order of `labels`; 1 for those without one. Throws `ConfigError` for unknown labels. */
export function weightsByLabel(
  op: string,
  given: Readonly<Record<string, number>>,
  labels: readonly string[],
  check: (option: string, value: unknown) => number,
): number[] {
  checkRecord(`${op}: classWeights are "balanced" or numbers by label`, given);
  const weights = labels.map(() => 1);
  for (const [label, value] of Object.entries(given)) {
    const index = labels.indexOf(label);
    if (index < 0)
      throw new ConfigError(`${op}: classWeights names ${excerpt(label)}, which is not one of ${excerpt(labels)}`, {
        op,
        option: "classWeights",
        label,
      });
    weights[index] = check(`classWeights[${JSON.stringify(label)}]`, value);
  }
  return weights;
}
