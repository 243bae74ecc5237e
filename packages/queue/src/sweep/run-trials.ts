import type { Trial } from "./sweep-plan.js";
import type { TrialRecord } from "./sweep-record.js";

/** A stage of a sweep: its number from 0, the settings in it, and their trainings that have not failed. */
export interface TrialStage {
  readonly stage: number;
  readonly choices: readonly number[];
  readonly names: readonly string[];
}

/** Brings trainings to the end of a stage, and tells of each as it comes there. */
export type RunTrials = (
  trials: readonly Trial[],
  at: TrialStage,
  done: (trial: Trial, reached: Pick<TrialRecord, "step" | "measured" | "error">) => Promise<void>,
) => Promise<void>;
