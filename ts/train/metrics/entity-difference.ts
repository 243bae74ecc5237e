import { bootstrapInterval } from "./bootstrap.js";
import type { EntityCounts } from "./entities.js";
import type { Difference } from "./paired-difference.js";

/**
 * Difference of the entity F1 of two classifiers on the same texts, with a 95 % interval: percentiles of a paired bootstrap, which draws
 * texts with both predictions, since words and entities of a text are not independent.
 */
export async function entityDifference(
  first: readonly EntityCounts[],
  second: readonly EntityCounts[],
  signal: AbortSignal | undefined,
): Promise<Difference> {
  // Texts with the same counts are of the same kind.
  const kinds = new Map<string, { readonly at: number; count: number }>();
  first.forEach(({ right, support, predicted }, at) => {
    const key = [right, support, predicted, second[at]!.right, second[at]!.predicted].join(" ");
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { at, count: 1 });
    else kind.count++;
  });
  const all = [...kinds.values()];
  const counts = all.map(({ count }) => count);
  const above = (drawn: ArrayLike<number>) =>
    f1Of(all.map(({ at }) => first[at]!), drawn) - f1Of(all.map(({ at }) => second[at]!), drawn); // prettier-ignore
  return { difference: above(counts), interval: await bootstrapInterval(counts, above, signal) };
}

/** F1 of texts with given counts; 0 without any entity. */
function f1Of(texts: readonly EntityCounts[], times: ArrayLike<number>): number {
  let [right, both] = [0, 0];
  texts.forEach((text, i) => {
    right += times[i]! * text.right;
    both += times[i]! * (text.support + text.predicted);
  });
  return both === 0 ? 0 : (2 * right) / both;
}
