import type { RunReport } from "lowrank/jobs";

type Result = Pick<RunReport["result"], "overHeadAlone" | "recommended" | "macroF1Loss">;

/** The result of comparing the adapter with the head-only model: differences as shares, with 95 % intervals. */
export type Verdict = {
  /**
   * "adapter" and "worse" if accuracy differs by more than chance, "rare" if only macro F1 does. Otherwise by which one is
   * ahead; "even" if neither is.
   */
  readonly kind: "adapter" | "rare" | "ahead" | "even" | "behind" | "worse";
  readonly gain: number;
  readonly interval: readonly [number, number];
  /** Loss in macro F1 if it is more than chance; null otherwise. */
  readonly lost: number | null;
};

/** Whether to use the head-only model: the adapter is not better, not even by chance. */
export const isHeadEnough = (result: Result): boolean =>
  ["even", "behind", "worse"].includes(verdictOf(result)?.kind ?? "");

/** Whether always guessing the most frequent label may be as good. This happens if nearly all texts have one label. */
export const isGuessAsGood = ({ after, largestClass }: Pick<RunReport["result"], "after" | "largestClass">): boolean =>
  (after.intervals?.accuracy[0] ?? after.accuracy) <= largestClass;

/** Null if the two were not compared. */
export function verdictOf({ overHeadAlone, recommended, macroF1Loss }: Result): Verdict | null {
  if (overHeadAlone === null) return null;
  const { accuracy, macroF1 } = overHeadAlone;
  const { difference: gain, interval } = accuracy;
  const lost = macroF1Loss === null ? null : -macroF1Loss.difference;
  if (interval[0] > 0) return { kind: "adapter", gain, interval, lost };
  if (interval[1] < 0) return { kind: "worse", gain, interval, lost };
  if (recommended === "adapter") return { kind: "rare", gain: macroF1.difference, interval: macroF1.interval, lost };
  return { kind: gain === 0 ? "even" : gain > 0 ? "ahead" : "behind", gain, interval, lost };
}
