import { lowestUpTo, type Standing } from "../run-until.js";

/** Result of one training. */
interface Reached extends Pick<Standing, "measured"> {
  /** Index of its settings. */
  readonly choice: number;
  /** Error message if training failed. */
  readonly error: string | null;
}

/** A training's lowest loss up to a step; infinity if it failed or was not validated. */
export const trialLoss = ({ measured, error }: Reached, until: number): number =>
  error === null ? lowestUpTo({ measured }, until) : Infinity;

/** Loss of a combination of settings up to a step: the mean over its seeds. */
export function choiceLoss(trials: readonly Reached[], choice: number, until: number): number {
  const own = trials.filter((trial) => trial.choice === choice);
  return own.reduce((sum, trial) => sum + trialLoss(trial, until), 0) / own.length;
}
