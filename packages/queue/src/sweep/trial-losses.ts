import { lowestUpTo, type Standing } from "../run-until.js";

/** What one training of a setting has come to. */
interface Reached extends Pick<Standing, "measured"> {
  /** Which of the settings it has. */
  readonly choice: number;
  /** What ended it, where training failed. */
  readonly error: string | null;
}

/** A training's lowest loss after so many steps; infinity where it failed, or nothing was measured. */
export const trialLoss = ({ measured, error }: Reached, until: number): number =>
  error === null ? lowestUpTo({ measured }, until) : Infinity;

/** A setting's loss after so many steps: a mean over its seeds. */
export function choiceLoss(trials: readonly Reached[], choice: number, until: number): number {
  const own = trials.filter((trial) => trial.choice === choice);
  return own.reduce((sum, trial) => sum + trialLoss(trial, until), 0) / own.length;
}
