import { callable, listFrom, oneOf, positive, unexpected, whole } from "../../arguments/settings.js";
import { checkOptions } from "../../arguments/options.js";
import { checkGraph, type Graph } from "../../graph/graph.js";
import { checkSignal, throwIfAborted } from "../../waiting/abort.js";
import { scaledVectors } from "./scaled-vectors.js";
import type { LogisticRegression, LogisticRegressionOptions, Progress, RegressionSettings } from "./head-fit.js";

const what = "fitLogisticRegression";

/** A checked copy without omitted options. Throws `ConfigError`. */
export function takeRegressionOptions<P>(
  op: string,
  given: Omit<LogisticRegressionOptions, "onProgress"> & { readonly onProgress?: (event: P) => void },
): RegressionSettings<P> {
  checkOptions(op, given, ["regularisation", "classWeights", "seed", "groups", "onProgress", "signal"]);
  const { regularisation, classWeights = "none", seed = 0, groups, onProgress, signal } = given;
  if (regularisation !== undefined) positive(op, "regularisation", regularisation);
  if (onProgress !== undefined) callable(op, "onProgress", onProgress);
  checkSignal(op, signal);
  return {
    classWeights: takeWeights(op, classWeights),
    seed: whole(op, "seed", seed),
    ...(regularisation !== undefined && { regularisation }),
    ...(groups !== undefined && { groups: takeGroups(op, groups) }),
    ...(onProgress !== undefined && { onProgress }),
    ...(signal && { signal }),
  };
}

const takeGroups = (op: string, given: unknown) =>
  listFrom(`${op}: groups is a list of names or numbers, one an example`, given, (group, i) => {
    if (typeof group === "string" || typeof group === "number") return group;
    throw unexpected(op, `groups[${i}]`, "a name or a number", group);
  });

const NAMED_WEIGHTS = ["none", "balanced"] as const;

function takeWeights(op: string, given: unknown): RegressionSettings["classWeights"] {
  if (!Array.isArray(given)) return oneOf(op, "classWeights", given as "none" | "balanced", NAMED_WEIGHTS);
  // Stops at the first invalid one: a list may claim any length.
  return listFrom(`${op}: classWeights is a list of numbers`, given, (weight, i) =>
    positive(op, `classWeights[${i}]`, weight),
  );
}

/**
 * Multinomial logistic regression with an L2 penalty on the weight, fitted to convergence by L-BFGS: the best linear head on frozen
 * vectors. Equals scikit-learn's `LogisticRegression(C, class_weight)`; also for two classes, where C applies to the difference of their
 * weights. C is chosen by the mean cross entropy on a held-out fifth of each class, each fifth in turn up to 1,000 examples; the head is
 * then fitted to all. The same examples give the same bits.
 *
 * @param vectors one `[hidden]` for each example
 * @param targets class of each vector, from 0
 * @param classes number of classes, from 2; one without examples gets no weight, and a bias that makes it improbable
 * Throws `ConfigError` and `ShapeError` for invalid arguments, `NonFiniteError` for vectors with NaN or infinity.
 *
 * @example
 * const { weight, bias } = await fitLogisticRegression(graph, vectors, targets, 2);
 * const head = new ClassificationHead(graph, weight, bias);
 */
export async function fitLogisticRegression(
  graph: Graph,
  vectors: readonly Float32Array[],
  targets: readonly number[],
  classes: number,
  options: LogisticRegressionOptions = {},
): Promise<LogisticRegression> {
  checkGraph(what, graph);
  whole(what, "classes", classes, 2, 10_000);
  const settings = takeRegressionOptions<Progress>(what, options);
  const taken = listFrom(`${what}: targets are a list of class numbers`, targets, (target, i) =>
    whole(what, `target ${i}`, target, 0, classes - 1),
  );
  const { classWeights } = settings;
  if (typeof classWeights !== "string" && classWeights.length !== classes)
    throw unexpected(what, "classWeights", `"none", "balanced" or ${classes} numbers, one a class`, classWeights);
  const scaled = scaledVectors(vectors);
  if (taken.length !== scaled.count)
    throw unexpected(what, "targets", `a list of ${scaled.count}, one a vector`, targets);
  const { groups } = settings;
  if (groups !== undefined && groups.length !== scaled.count)
    throw unexpected(what, "groups", `a list of ${scaled.count}, one a vector`, options.groups);
  graph.assertUsable();
  throwIfAborted(settings.signal);
  // Loaded on demand: most programs fit no head.
  const { fittedHead } = await import("./head-fit.js");
  return fittedHead(graph, scaled, taken, classes, settings);
}
