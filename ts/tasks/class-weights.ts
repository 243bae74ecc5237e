import { checkRecord } from "../arguments/collections.js";
import { positive, unexpected } from "../arguments/settings.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";

/**
 * How much the examples of each class count. "balanced": as scikit-learn's, examples / (classes × examples of the class), over
 * the classes that have examples. By name, numbers above 0; classes that are not named weigh 1.
 */
export type ClassWeights = "balanced" | Readonly<Record<string, number>>;

/**
 * A weight a class, as float32 has it. Throws `ConfigError` for names that are no labels and for weights that are no numbers
 * above 0.
 * @param targets class of each example
 */
export function classWeightsOf(
  given: ClassWeights,
  labels: readonly string[],
  targets: readonly number[],
): Float32Array {
  if (given === "balanced") {
    const counts = new Array<number>(labels.length).fill(0);
    for (const target of targets) counts[target]!++;
    const used = counts.filter((count) => count > 0).length;
    return Float32Array.from(counts, (count) => (count === 0 ? 1 : targets.length / (used * count)));
  }
  checkRecord('fit: classWeights are "balanced" or numbers by label', given);
  const weights = new Float32Array(labels.length).fill(1);
  for (const [label, weight] of Object.entries(given)) {
    const index = labels.indexOf(label);
    if (index < 0)
      throw new ConfigError(`fit: classWeights names ${excerpt(label)}, which is not one of ${excerpt(labels)}`, {
        op: "fit",
        option: "classWeights",
        label,
      });
    const option = `classWeights[${JSON.stringify(label)}]`;
    weights[index] = positive("fit", option, weight);
    if (weights[index] === 0) throw unexpected("fit", option, "a number that float32 tells from 0", weight);
  }
  return weights;
}
