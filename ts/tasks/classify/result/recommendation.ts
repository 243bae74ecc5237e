import type { Difference, PairedDifference } from "../../../train/metrics/paired-difference.js";
import { type Recommendation, recommendedBy } from "../../head-comparison.js";

/** With fewer texts, single ones decide a mean over classes. */
const ENOUGH_FOR_F1 = 100;

/** The recommendation from the difference between head and adapter and the head-only baseline, in accuracy and in macro F1. */
export function recommend(overHeadAlone: PairedDifference | null): Recommendation {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1, count } = overHeadAlone;
  const rareClasses = count >= ENOUGH_FOR_F1 && accuracy.interval[1] >= 0 && macroF1.interval[0] > 0;
  return rareClasses ? "adapter" : recommendedBy(accuracy);
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
