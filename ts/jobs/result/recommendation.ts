import type { PairedDifference } from "../../train/metrics/paired-difference.js";

/**
 * What to use: "head-only" where the adapter adds nothing to the head alone that is more than chance, by the interval of what it adds;
 * "adapter" where it does, in accuracy or, without losing accuracy, in macro F1; null where the two were not compared.
 */
export type Recommendation = "adapter" | "head-only" | null;

/** What follows from the difference between head and adapter and the head alone. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1 } = overHeadAlone;
  if (accuracy.interval[1] < 0) return "head-only";
  return accuracy.interval[0] > 0 || macroF1.interval[0] > 0 ? "adapter" : "head-only";
}
