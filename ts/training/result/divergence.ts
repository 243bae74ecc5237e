import { ConfigError, LowrankError } from "../../errors/errors.js";
import type { StepRecord } from "../../train/fit-options.js";
import type { JobWords } from "../job-events.js";

/** What helps. */
const advice = ({ setting }: JobWords) =>
  `try a lower ${setting("learningRate")}, a longer ${setting("warmup")} or a lower ${setting("maxGradNorm")}`;

/** Training that ends so many times above the loss of guessing has learnt nothing, though no number was infinite. */
const ABOVE_GUESSING = 1.5;

/**
 * What to say of training that has ended far above the loss of guessing, having been thrown off by its updates; null of any other.
 * Looked at is the mean loss of the last tenth of the steps.
 *
 * @param guessing the loss of guessing: the logarithm of the number of classes
 * @param weightOf what the examples of a step weigh together: where classes have weights, a step's loss is a mean over those, and a
 *   step without the examples that count most says little
 */
export function divergenceText(
  steps: readonly StepRecord[],
  guessing: number,
  words: JobWords,
  weightOf: (step: number) => number = () => 1,
): string | null {
  const last = steps.slice(-Math.max(1, Math.ceil(steps.length / 10)));
  const weights = last.map(({ step }) => weightOf(step));
  const loss =
    last.reduce((sum, step, i) => sum + weights[i]! * step.loss, 0) / weights.reduce((sum, weight) => sum + weight, 0);
  if (!(loss > ABOVE_GUESSING * guessing)) return null;
  return (
    `training diverged: its loss ended at ${loss.toPrecision(3)}, where guessing gives ${guessing.toPrecision(3)}; ` +
    advice(words)
  );
}

/**
 * What a job says where training met NaN or infinity, in place of `fit`'s own words; other errors as they are.
 * @param step from 1
 */
export function explainDivergence(error: unknown, step: number, words: JobWords): unknown {
  if (!(error instanceof LowrankError) || error.code !== "NON_FINITE") return error;
  const { loss, gradNorm, learningRate } = error.details as Readonly<Record<string, number | undefined>>;
  const rate = learningRate === undefined ? "" : ` at learning rate ${learningRate.toPrecision(3)}`;
  const what =
    loss !== undefined && !Number.isFinite(loss)
      ? `the loss of step ${step} is ${loss}${rate}`
      : gradNorm !== undefined && !Number.isFinite(gradNorm)
        ? `the norm of the gradients of step ${step} is ${gradNorm}${rate}`
        : error.message.replace(/^(fit: )?(training diverged: )?/, "").replace(/; try .*$/, "");
  return new ConfigError(`training diverged: ${what}; ${advice(words)}`, { step, ...error.details }, { cause: error });
}
