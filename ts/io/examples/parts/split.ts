import { ConfigError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { assignGroups, type SplitOptions, takeLabelled, type TakenSplit, takeSplit } from "./assign.js";
import { type NearNumbers, unitsOf } from "./equal-texts.js";
import type { Example } from "../example.js";
import { holdShare } from "./held-units.js";

/**
 * Splits examples in two at random, with each class in the same proportion. Equal texts (apart from case, width and white space) stay on
 * one side, even in different groups, so that no test text was trained on; classes keep their proportions as far as that allows. Both
 * splits keep the examples' order; the same seed gives the same split.
 * @param share of each class in `validation`, between 0 and 1, rounded; without groups, the last example of a class stays in `train`
 * @param options the seed, a whole number from 0; or `{ seed, groups }`
 * @throws `ConfigError` for an invalid share, seed or groups, and if one split would be empty
 * @example splitExamples(examples, 0.2, { groups: rows.map(({ customer }) => customer) })
 */
export function splitExamples<E extends Pick<Example, "label">>(
  examples: readonly E[],
  share: number,
  options: number | SplitOptions = 0,
): { train: E[]; validation: E[] } {
  const what = "splitExamples";
  const all = takeLabelled(what, examples);
  if (!(typeof share === "number" && share > 0 && share < 1))
    throw new ConfigError(`${what}: expected a share above 0 and below 1, got ${excerpt(share)}`, {
      op: what,
      option: "share",
      value: share,
    });
  const taken = takeSplit(what, typeof options === "number" ? { seed: options } : options, all.length);
  return inTwo(all, share, taken, null);
}

/** As `splitExamples`, for checked arguments; near duplicates also stay on one side. */
export function inTwo<E extends Pick<Example, "label">>(
  all: readonly E[],
  share: number,
  { seed, groups }: TakenSplit,
  near: NearNumbers | null,
): { train: E[]; validation: E[] } {
  const what = "splitExamples";
  const labels = all.map(({ label }) => label);
  const units = unitsOf(all, groups, near);
  const held = groups === null ? holdShare(labels, units, share, seed) : new Set<number>();
  if (groups !== null)
    assignGroups(labels, units ?? groups, [1 - share, share], seed).forEach((part, i) => part === 1 && held.add(i));
  if (held.size === 0 || held.size === all.length) {
    const [some, from] = [`${share} of ${all.length} examples`, `in ${new Set(labels).size} classes`];
    const left = held.size === 0 ? "validation" : "training";
    const [alone, joined] = [" and their groups", " and their groups, which equal texts join,"];
    const ownGroups = groups !== null && new Set(units ?? groups).size === new Set(groups).size;
    const together = ownGroups
      ? alone
      : groups !== null
        ? joined
        : units !== null
          ? ", of which equal texts stay together,"
          : "";
    throw new ConfigError(`${what}: ${some} ${from}${together} leaves none for ${left}`, {
      op: what,
      share,
      examples: all.length,
      left,
    });
  }
  return { train: all.filter((_, i) => !held.has(i)), validation: all.filter((_, i) => held.has(i)) };
}
