import { ConfigError } from "../errors.js";

/** How a loss becomes one number: the mean or sum of its elements, or "none": the elements themselves. */
export type LossReduction = "mean" | "sum" | "none";

/** Throws `ConfigError` unless `reduction` is one. */
export function checkLossReduction(name: string, reduction: LossReduction): void {
  if (reduction !== "mean" && reduction !== "sum" && reduction !== "none") {
    throw new ConfigError(`${name}: reduction must be "mean", "sum" or "none", got ${JSON.stringify(reduction)}`);
  }
}
