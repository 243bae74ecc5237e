import { whole } from "../../../arguments/settings.js";
import { ConfigError } from "../../../errors/errors.js";
import { assignGroups, type SplitOptions, takeLabelled, type TakenSplit, takeSplit } from "./assign.js";
import { dealt } from "./dealt.js";
import { type NearNumbers, unitsOf } from "./equal-texts.js";
import type { Example } from "../example.js";
import { spreadClasses } from "./spread-classes.js";

/**
 * Splits examples for cross-validation: each is in `validation` of one fold and in `train` of all others, with each class spread as evenly
 * as possible. Equal texts (apart from case, width and white space) are in the same fold, even in different groups. Splits keep the
 * examples' order; the same seed gives the same folds. A class with a single example, text or group is in no training split of the fold
 * that tests it.
 * @param n number of folds, from 2 to the number of different texts or groups
 * @throws `ConfigError` for invalid options, or more folds than different texts or groups
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
  return inFolds(all, n, takeSplit(what, options, all.length), null);
}

/** As `foldExamples`, for checked arguments; near duplicates are also in the same fold. */
export function inFolds<E extends Pick<Example, "label">>(
  all: readonly E[],
  n: number,
  { seed, groups }: TakenSplit,
  near: NearNumbers | null,
): { train: E[]; validation: E[] }[] {
  const what = "foldExamples";
  const units = unitsOf(all, groups, near);
  const there = new Set(units ?? all.keys()).size;
  if (n > there) {
    const needed = groups !== null ? "groups" : units !== null ? "different texts" : "examples";
    const joined =
      groups !== null && there < new Set(groups).size ? ", since groups with an equal text stay together" : "";
    throw new ConfigError(`${what}: ${n} folds need as many ${needed}, got ${there}${joined}`, {
      op: what,
      option: "n",
      value: n,
      expected: there,
    });
  }
  const labels = all.map(({ label }) => label);
  const folds =
    groups === null
      ? dealt(labels, units, n, seed)
      : assignGroups(labels, units ?? groups, new Array<number>(n).fill(1 / n), seed);
  spreadClasses(labels, units ?? groups, folds, n);
  return Array.from({ length: n }, (_, fold) => ({
    train: all.filter((__, i) => folds[i] !== fold),
    validation: all.filter((__, i) => folds[i] === fold),
  }));
}
