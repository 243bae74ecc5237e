import type { Difference, PairedDifference } from "../../../train/metrics/paired-difference.js";

/** With fewer texts, single ones decide a mean over classes. */
const ENOUGH_FOR_F1 = 100;

/**
 * Which to use. "adapter" if it is significantly better than the head-only baseline in accuracy or, with at least 100 texts and no loss of
 * accuracy, in macro F1; otherwise "head-only". Null if the two were not compared.
 */
export type Recommendation = "adapter" | "head-only" | null;

/** The recommendation from the difference between head and adapter and the head-only baseline. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  if (accuracy.interval[0] > 0) return "adapter";
  const rareClasses = count >= ENOUGH_FOR_F1 && accuracy.interval[1] >= 0 && macroF1.interval[0] > 0;
  return rareClasses ? "adapter" : "head-only";
}

/**
 * The difference in macro F1 if head and adapter, on at least 100 texts, are significantly below the head-only baseline while accuracy is
 * not: rare classes got worse in favour of frequent ones. Otherwise null.
 */
export function macroF1Loss(overHeadAlone: PairedDifference | null): Difference | null {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  return count >= ENOUGH_FOR_F1 && macroF1.interval[1] < 0 && accuracy.interval[1] >= 0 ? macroF1 : null;
}
