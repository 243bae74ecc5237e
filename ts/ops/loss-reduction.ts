import { oneOf } from "../settings.js";

/** How a loss becomes one number: the mean or sum of its elements, or "none": the elements themselves. */
export type LossReduction = "mean" | "sum" | "none";

const words: readonly LossReduction[] = ["mean", "sum", "none"];

/** `reduction`, "mean" by default. Throws `ConfigError` unless it is one. */
export function takeLossReduction(what: string, reduction: LossReduction = "mean"): LossReduction {
  return oneOf(what, "reduction", reduction, words);
}
