import { breather } from "../../waiting/next-task.js";
import { middle95, resample } from "./bootstrap.js";
import type { EntityCounts } from "./entities.js";
import type { Difference } from "./paired-difference.js";

/** Samples that are drawn. */
const RESAMPLES = 1000;

/**
 * By how much the entity F1 of one classifier is above another's, both asked about the same texts, with a 95 % interval: percentiles of a
 * paired bootstrap, which draws texts, each with both answers, since words and entities of one text go wrong together.
 */
export async function entityDifference(
  first: readonly EntityCounts[],
  second: readonly EntityCounts[],
  signal: AbortSignal | undefined,
): Promise<Difference> {
  // Texts with the same counts are of one kind.
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
  const breathe = breather(signal);
  const differences: number[] = [];
  for (const drawn of resample(counts, { resamples: RESAMPLES, seed: 0 })) {
    differences.push(above(drawn));
    await breathe();
  }
  return { difference: above(counts), interval: middle95(Float64Array.from(differences)) };
}

/** F1 of texts of which there are so many each; 0 where there is no entity. */
function f1Of(texts: readonly EntityCounts[], times: ArrayLike<number>): number {
  let [right, both] = [0, 0];
  texts.forEach((text, i) => {
    right += times[i]! * text.right;
    both += times[i]! * (text.support + text.predicted);
  });
  return both === 0 ? 0 : (2 * right) / both;
}
