import type { OptionNames } from "../spec/option-names.js";
import { ConfigError, LowrankError } from "../../errors/errors.js";
import type { StepRecord } from "../../train/fit-options.js";

/** What to try. */
const advice = ({ setting }: OptionNames) =>
  `try a lower ${setting("learningRate")}, a longer ${setting("warmup")} or a lower ${setting("maxGradNorm")}`;

/** If the final loss is this many times the loss of guessing, training failed although all numbers are finite. */
const ABOVE_GUESSING = 1.5;

/**
 * The warning if the mean loss of the last tenth of the steps is far above the loss of guessing; otherwise null.
 *
 * @param guessing the loss of guessing: the logarithm of the number of classes
 * @param weightOf the total weight of a step's examples: with class weights, a step's loss is a weighted mean, and a
 *   step without heavy examples says little
 */
export function divergenceText(
  steps: readonly StepRecord[],
  guessing: number,
  optionNames: OptionNames,
  weightOf: (step: number) => number = () => 1,
): string | null {
  const last = steps.slice(-Math.max(1, Math.ceil(steps.length / 10)));
  const weights = last.map(({ step }) => weightOf(step));
  const loss =
    last.reduce((sum, step, i) => sum + weights[i]! * step.loss, 0) / weights.reduce((sum, weight) => sum + weight, 0);
  if (!(loss > ABOVE_GUESSING * guessing)) return null;
  return (
    `training diverged: the final loss is ${loss.toPrecision(3)}, guessing has ${guessing.toPrecision(3)}; ` +
    advice(optionNames)
  );
}

/**
 * Replaces the message of `fit` for NaN or infinity by one with the caller's names of settings; returns other errors unchanged.
 * @param step from 1
 */
export function explainDivergence(error: unknown, step: number, optionNames: OptionNames): unknown {
  if (!(error instanceof LowrankError) || error.code !== "NON_FINITE") return error;
  const { loss, gradNorm, learningRate } = error.details as Readonly<Record<string, number | undefined>>;
  const rate = learningRate === undefined ? "" : ` at learning rate ${learningRate.toPrecision(3)}`;
  const what =
    loss !== undefined && !Number.isFinite(loss)
      ? `the loss of step ${step} is ${loss}${rate}`
      : gradNorm !== undefined && !Number.isFinite(gradNorm)
        ? `the norm of the gradients of step ${step} is ${gradNorm}${rate}`
        : error.message.replace(/^(fit: )?(training diverged: )?/, "").replace(/; try .*$/, "");
  return new ConfigError(
    `training diverged: ${what}; ${advice(optionNames)}`,
    { step, ...error.details },
    { cause: error },
  );
}
