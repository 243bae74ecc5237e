import type { Difference, PairedDifference } from "../../../train/metrics/paired-difference.js";

/** Of fewer texts, a mean over classes is decided by single ones. */
const ENOUGH_FOR_F1 = 100;

/**
 * What to use: "head-only" where the adapter adds nothing to the head alone that is more than chance, by the interval of what it adds;
 * "adapter" where it does, in accuracy or, of a hundred texts and more and without losing accuracy, in macro F1; null where the two
 * were not compared.
 */
export type Recommendation = "adapter" | "head-only" | null;

/** What follows from the difference between head and adapter and the head alone. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  if (accuracy.interval[0] > 0) return "adapter";
  const rareClasses = count >= ENOUGH_FOR_F1 && accuracy.interval[1] >= 0 && macroF1.interval[0] > 0;
  return rareClasses ? "adapter" : "head-only";
}

/**
 * What head and adapter lose in macro F1 against the head alone, of a hundred texts and more, where that is more than chance while
 * accuracy does not fall by more than chance: frequent classes are bought with rare ones. Null where that is not so.
 */
export function macroF1Loss(overHeadAlone: PairedDifference | null): Difference | null {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  return count >= ENOUGH_FOR_F1 && macroF1.interval[1] < 0 && accuracy.interval[1] >= 0 ? macroF1 : null;
}
