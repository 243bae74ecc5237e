import { finite, listFrom, namesFrom, oneOf, unexpected, whole } from "../arguments/settings.js";
import { checkOptions } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";
import { readSignal } from "../waiting/abort.js";

/** PEFT's names for `combination_type`. */
const combinationTypes = [
  "linear",
  "cat",
  "svd",
  "ties",
  "ties_svd",
  "dare_linear",
  "dare_linear_svd",
  "dare_ties",
  "dare_ties_svd",
  "magnitude_prune",
  "magnitude_prune_svd",
] as const;

/** Arguments of PEFT's `add_weighted_adapter`. */
export interface WeightedAdapterOptions {
  /** Names of the adapters to sum. */
  readonly adapters: readonly string[];
  /** Weight of each adapter; a negative one subtracts. */
  readonly weights: readonly number[];
  /**
   * How they are combined. "svd" (default): the best approximation of Σ w·s·A·B by one of the given rank. "cat": that sum exactly, with the
   * sum of all ranks. "linear" and the others combine A's and B's separately, which needs equal ranks: fast and approximate. Names ending
   * in "_svd" work on s·A·B instead: time and memory grow with the weights. "ties" (arXiv 2306.01708) keeps the largest elements with the
   * majority's sign, "dare_…" (arXiv 2311.03099) random ones, by the graph's seed, "magnitude_prune" the largest.
   */
  readonly combinationType?: (typeof combinationTypes)[number];
  /** Rank of the result of an SVD; default: the largest of the adapters' ranks. */
  readonly svdRank?: number;
  /** Share of the elements to keep, above 0 up to 1; required except for "linear", "cat" and "svd", which do not have it. */
  readonly density?: number;
  /** How "ties" chooses the majority's sign: by the sum of the elements (default) or by their number. */
  readonly majoritySignMethod?: "total" | "frequency";
  /** Cancels within a step of the decomposition: the call rejects with `AbortError`, and the model is as before. */
  readonly signal?: AbortSignal | undefined;
}

/** The options, checked. */
export interface WeightedSum {
  readonly adapters: readonly string[];
  readonly weights: readonly number[];
  /** How elements are combined. */
  readonly method: "cat" | "linear" | "ties" | "dare_linear" | "dare_ties" | "magnitude_prune";
  /** Whether they are those of s·A·B, which is then approximated at a rank. */
  readonly svd: boolean;
  readonly svdRank: number | null;
  readonly density: number;
  readonly majority: "total" | "frequency";
}

const what = "addWeightedAdapter";

const NAMES = ["adapters", "weights", "combinationType", "svdRank", "density", "majoritySignMethod", "signal"] as const;

/** A checked copy. Throws `ConfigError` for invalid options. */
export function takeWeighted(options: WeightedAdapterOptions): WeightedSum & { signal: AbortSignal | undefined } {
  checkOptions(what, options, NAMES);
  const signal = readSignal(what, "signal", options.signal);
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
  return { adapters, weights: given, method, svd, svdRank, density: density ?? 1, majority, signal };
}

function useless(option: string, type: string): ConfigError {
  return new ConfigError(`${what}: ${option} says nothing with combinationType "${type}"; leave it out`, {
    op: what,
    option,
  });
}
