import { listFrom, namesFrom } from "../../arguments/collections.js";
import { checkOptions } from "../../arguments/options.js";
import { finite, oneOf, unexpected, whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";

/** How adapters become one, by the names of PEFT's `combination_type`. */
const combinationTypes = [
  ...([
    "linear",
    "cat",
    "svd",
    "ties",
    "ties_svd",
    "dare_linear",
    "dare_linear_svd",
    "dare_ties",
    "dare_ties_svd",
  ] as const),
  ...(["magnitude_prune", "magnitude_prune_svd"] as const),
] as const;

/** What an adapter is summed of: arguments of PEFT's `add_weighted_adapter`. */
export interface WeightedAdapterOptions {
  /** Names of the adapters. */
  readonly adapters: readonly string[];
  /** How much each counts; below 0 it is subtracted. */
  readonly weights: readonly number[];
  /**
   * Default "svd": the sum Σ w·s·A·B, brought to the rank as well as it can be. "cat" is that sum itself, of as many ranks as all have
   * together. "linear" and the rest work on A and B apart, which must have one rank: cheap and rough. Those ending in "_svd" work
   * on s·A·B, and so take time and memory in proportion to the weights. "ties" (arXiv 2306.01708) keeps the largest elements and those of
   * the sign that outweighs, "dare_…" (arXiv 2311.03099) random ones, by the graph's seed, "magnitude_prune" the largest.
   */
  readonly combinationType?: (typeof combinationTypes)[number];
  /** Rank of what an SVD gives; default the largest of the adapters'. */
  readonly svdRank?: number;
  /** Share of the elements that is kept, above 0 to 1: for all but "linear", "cat" and "svd", which have none. */
  readonly density?: number;
  /** Which sign outweighs, with "ties" in the name: by the sum of the elements (default) or by their number. */
  readonly majoritySignMethod?: "total" | "frequency";
}

/** The options, checked. */
export interface WeightedSum {
  readonly adapters: readonly string[];
  readonly weights: readonly number[];
  /** What becomes of the elements. */
  readonly method: "cat" | "linear" | "ties" | "dare_linear" | "dare_ties" | "magnitude_prune";
  /** Whether it becomes of s·A·B, which is then brought to a rank. */
  readonly svd: boolean;
  readonly svdRank: number | null;
  readonly density: number;
  readonly majority: "total" | "frequency";
}

const what = "addWeightedAdapter";

/** Names of the options. */
export const WEIGHTED_OPTIONS = [
  ...(["adapters", "weights", "combinationType", "svdRank", "density", "majoritySignMethod"] as const),
] as const;

/** A copy, each option read once. Throws `ConfigError` for what makes no sense. */
export function takeWeighted(options: WeightedAdapterOptions): WeightedSum {
  checkOptions(what, options, WEIGHTED_OPTIONS);
  const { combinationType: type = "svd", svdRank = null, density, majoritySignMethod: majority = "total" } = options;
  const adapters = namesFrom(`${what}: adapters is a list of names`, options.adapters);
  const given = listFrom(`${what}: weights is a list of numbers, one an adapter`, options.weights, (weight, i) =>
    finite(what, `weights[${i}]`, weight as number),
  );
  if (adapters.length === 0 || given.length !== adapters.length)
    throw new ConfigError(`${what}: one weight for each adapter, got ${given.length} for ${adapters.length} adapters`, {
      op: what,
      option: "weights",
      actual: given.length,
      expected: adapters.length,
    });
  oneOf(what, "combinationType", type, combinationTypes);
  oneOf(what, "majoritySignMethod", majority, ["total", "frequency"]);
  const svd = type.endsWith("svd");
  if (svdRank !== null) whole(what, "svdRank", svdRank, 1);
  if (svdRank !== null && !svd) throw useless("svdRank", type);
  const method = type === "svd" ? "linear" : (type.replace(/_svd$/, "") as WeightedSum["method"]);
  const prunes = method !== "linear" && method !== "cat";
  if (density !== undefined && !prunes) throw useless("density", type);
  if (prunes && !(typeof density === "number" && density > 0 && density <= 1))
    throw unexpected(what, "density", `a number above 0 and up to 1, which "${type}" needs`, density);
  return { adapters, weights: given, method, svd, svdRank, density: density ?? 1, majority };
}

function useless(option: string, type: string): ConfigError {
  return new ConfigError(`${what}: ${option} says nothing with combinationType "${type}"; leave it out`, {
    op: what,
    option,
  });
}
