import { ConfigError, LowrankError } from "../errors/errors.js";
import type { JobWords } from "./job-events.js";

/** What helps. */
const advice = ({ setting }: JobWords) =>
  `try a lower ${setting("learningRate")}, a longer ${setting("warmup")} or a lower ${setting("maxGradNorm")}`;

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
