import type { Trial } from "./sweep-plan.js";
import type { TrialRecord } from "./sweep-record.js";

/** A stage of a sweep: its index from 0, its settings, and their trainings that have not failed. */
export interface TrialStage {
  readonly stage: number;
  readonly choices: readonly number[];
  readonly names: readonly string[];
}

/** Runs trainings to the end of a stage, and reports each that reaches it. */
export type RunTrials = (
  trials: readonly Trial[],
  at: TrialStage,
  done: (trial: Trial, reached: Pick<TrialRecord, "step" | "measured" | "error">) => Promise<void>,
) => Promise<void>;
