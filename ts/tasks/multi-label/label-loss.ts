import { checkRecord } from "../../arguments/collections.js";
import { nonNegative, oneOf } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Graph, NodeId } from "../../graph/graph.js";
import { logSigmoids, weightedSum } from "../../train/losses/loss-parts.js";
import type { ClassWeights } from "../head/class-weights.js";
import type { LabelRow } from "./listed-examples.js";

/**
 * PyTorch's pos_weight, by label: the weight of texts that have it. "balanced": texts without the label per text with it, 1 where there is
 * none. Throws `ConfigError` for unknown labels and for weights that are not numbers from 0.
 */
export function posWeightsOf(
  given: ClassWeights | null | undefined,
  labels: readonly string[],
  rows: readonly LabelRow[],
  op = "fit",
): number[] {
  if (given === undefined || given === null) return labels.map(() => 1);
  if (typeof given === "string") {
    oneOf(op, "classWeights", given, ["balanced"]);
    return labels.map((_, place) => {
      const count = rows.reduce((sum, row) => sum + row[place]!, 0);
      return count === 0 || count === rows.length ? 1 : (rows.length - count) / count;
    });
  }
  checkRecord(`${op}: classWeights are "balanced" or numbers by label`, given);
  const weights = labels.map(() => 1);
  for (const [label, weight] of Object.entries(given)) {
    const place = labels.indexOf(label);
    if (place < 0)
      throw new ConfigError(`${op}: classWeights names ${excerpt(label)}, which is not one of ${excerpt(labels)}`, {
        op,
        option: "classWeights",
        label,
      });
    weights[place] = nonNegative(op, `classWeights[${JSON.stringify(label)}]`, weight);
  }
  return weights;
}

/** Summed binary cross entropy with logits `[texts, labels]`: Σ −w·y·log σ(z) − (1 − y)·log σ(−z). */
export function labelLoss(graph: Graph, logits: NodeId, rows: readonly LabelRow[], weights: readonly number[]): NodeId {
  const size = rows.length * weights.length;
  const factors = rows.flatMap((row) => weights.flatMap((weight, place) => [-weight * row[place]!, row[place]! - 1]));
  return weightedSum(graph, logSigmoids(graph, graph.reshape(logits, [size]), size), [size, 2], factors);
}
