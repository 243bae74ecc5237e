import { whole } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { assignGroups, positionsBy, shuffled, type SplitOptions, takeLabelled, takeSplit } from "./assign.js";
import type { Example } from "./example.js";

/**
 * Parts examples for cross-validation: each stands in the `validation` of one fold and in `train` of all others, each class spread
 * over the folds as evenly as it goes. Parts keep the examples' order; the same seed gives the same folds. A class with one example
 * is in no training part of the fold that tests it.
 * @param n folds, from 2 to as many as there are examples, or groups
 * @throws `ConfigError` for options that make no sense, or more folds than examples or groups
 * @example for (const { train, validation } of foldExamples(examples, 5)) …
 */
export function foldExamples<E extends Pick<Example, "label">>(
  examples: readonly E[],
  n: number,
  options: SplitOptions = {},
): { train: E[]; validation: E[] }[] {
  const what = "foldExamples";
  const all = takeLabelled(what, examples);
  whole(what, "n", n, 2);
  const { seed, groups } = takeSplit(what, options, all.length);
  const there = groups === null ? all.length : new Set(groups).size;
  if (n > there) {
    const units = groups === null ? "examples" : "groups";
    throw new ConfigError(`${what}: ${n} folds need as many ${units}, got ${there}`, { op: what, option: "n", value: n, expected: there });
  }
  const labels = all.map(({ label }) => label);
  const folds = groups === null ? dealt(labels, n, seed) : assignGroups(labels, groups, new Array<number>(n).fill(1 / n), seed);
  return Array.from({ length: n }, (_, fold) => ({
    train: all.filter((__, i) => folds[i] !== fold),
    validation: all.filter((__, i) => folds[i] === fold),
  }));
}

/** Each class dealt out in turn, going on where the last one ended, so that folds differ by one example at most. */
function dealt(labels: readonly string[], n: number, seed: number): number[] {
  const folds = new Array<number>(labels.length).fill(0);
  let next = 0;
  for (const members of positionsBy(labels).values()) for (const i of shuffled(members, seed)) folds[i] = next++ % n;
  return folds;
}
