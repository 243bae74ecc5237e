import type { RunReport } from "lowrank/jobs";

type Result = Pick<RunReport["result"], "overHeadAlone" | "recommended" | "macroF1Loss">;

/** What the test says of the adapter beside the head alone, with what it has over it; shares, with 95 % intervals. */
export type Verdict = {
  /**
   * "adapter" and "worse" where accuracy differs by more than chance, "rare" where only the mean over labels does; else by which is
   * ahead, "even" where neither is.
   */
  readonly kind: "adapter" | "rare" | "ahead" | "even" | "behind" | "worse";
  readonly gain: number;
  readonly interval: readonly [number, number];
  /** What the labels lose in the mean (macro F1) by more than chance; null where they do not. */
  readonly lost: number | null;
};

/** Whether the head alone is what to use: the adapter has nothing over it, not even by chance. */
export const isHeadEnough = (result: Result): boolean =>
  ["even", "behind", "worse"].includes(verdictOf(result)?.kind ?? "");

/** Whether a guess that always says the most frequent label may have as many texts right: so it is where nearly all are of one label. */
export const isGuessAsGood = ({ after, largestClass }: Pick<RunReport["result"], "after" | "largestClass">): boolean =>
  (after.intervals?.accuracy[0] ?? after.accuracy) <= largestClass;

/** Null where the two were not compared. */
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
