import { exp, log } from "../../../values/elementary.js";

/** Losses of preferences: the first one is the default. */
export const preferenceLosses = ["dpo", "ipo", "orpo", "simpo", "kto"] as const;

/** A loss of preferences. */
export type PreferenceLossName = (typeof preferenceLosses)[number];

/** A loss with its constants. */
export interface PreferenceLoss {
  readonly name: PreferenceLossName;
  readonly beta: number;
  readonly labelSmoothing: number;
  readonly simpoGamma: number;
  readonly desirableWeight: number;
  readonly undesirableWeight: number;
}

/** How probable an answer is. */
export interface AnswerScore {
  /** Sum of the log probabilities of its tokens. */
  readonly logp: number;
  /** Number of its tokens. */
  readonly tokens: number;
  /** `logp` under the base model; not used by losses without a reference. */
  readonly reference: number;
}

/** A loss, and its derivative with respect to `logp` of each answer. */
export interface SlopedLoss {
  readonly loss: number;
  readonly slopes: readonly number[];
}

/** Whether a loss compares with the base model. */
export const hasReference = ({ name }: Pick<PreferenceLoss, "name">): boolean => name !== "orpo" && name !== "simpo";

/**
 * The implicit reward of an answer: β times the log of its probability relative to the base model's, or, for a loss without a reference, β
 * times the mean log probability of its tokens.
 */
export const rewardOf = (loss: Pick<PreferenceLoss, "name" | "beta">, answer: AnswerScore): number =>
  loss.beta * (hasReference(loss) ? ratioOf(answer) : meanOf(answer));

/** The loss of a chosen and a rejected answer. */
export function pairLoss(loss: PreferenceLoss, chosen: AnswerScore, rejected: AnswerScore): SlopedLoss {
  const { name, beta, labelSmoothing, simpoGamma } = loss;
  switch (name) {
    case "ipo": {
      const gap = ratioOf(chosen) / chosen.tokens - ratioOf(rejected) / rejected.tokens - 1 / (2 * beta);
      return { loss: gap * gap, slopes: [(2 * gap) / chosen.tokens, (-2 * gap) / rejected.tokens] };
    }
    case "simpo": {
      const { value, slope } = smoothed(beta * (meanOf(chosen) - meanOf(rejected)) - simpoGamma, labelSmoothing);
      return { loss: value, slopes: [(beta * slope) / chosen.tokens, (-beta * slope) / rejected.tokens] };
    }
    case "orpo":
      return oddsLoss(beta, chosen, rejected);
    default: {
      const { value, slope } = smoothed(beta * (ratioOf(chosen) - ratioOf(rejected)), labelSmoothing);
      return { loss: value, slopes: [beta * slope, -beta * slope] };
    }
  }
}

/**
 * KTO's loss of one answer.
 * @param divergence the KL divergence from the base model, from 0; a constant for the gradient
 */
export function labelledLoss(
  { beta, desirableWeight, undesirableWeight }: PreferenceLoss,
  answer: AnswerScore,
  desirable: boolean,
  divergence: number,
): SlopedLoss {
  const gap = beta * (ratioOf(answer) - divergence);
  const [sign, weight] = desirable ? [-1, desirableWeight] : [1, undesirableWeight];
  const value = sigmoid(sign * gap);
  return { loss: weight * value, slopes: [sign * weight * beta * value * sigmoid(-sign * gap)] };
}

const ratioOf = ({ logp, reference }: AnswerScore) => logp - reference;
const meanOf = ({ logp, tokens }: AnswerScore) => logp / tokens;

/** −ln σ(z), with a share of swapped labels: its value, and its derivative by z. */
function smoothed(z: number, swapped: number) {
  const value = (1 - swapped) * softplus(-z) + swapped * softplus(z);
  return { value, slope: swapped * sigmoid(z) - (1 - swapped) * sigmoid(-z) };
}

/** The largest mean log probability that is not 0 in float32. Beyond it the odds would be infinite. */
const CERTAIN = -(2 ** -24);

/** −ln p(chosen) − β ln σ(log odds ratio), with p the geometric mean of the tokens' probabilities. */
function oddsLoss(beta: number, chosen: AnswerScore, rejected: AnswerScore): SlopedLoss {
  const [good, bad] = [Math.min(meanOf(chosen), CERTAIN), Math.min(meanOf(rejected), CERTAIN)];
  const [others, otherBad] = [1 - exp(good), 1 - exp(bad)];
  const odds = good - bad - (log(others) - log(otherBad));
  const pull = beta * sigmoid(-odds);
  return {
    loss: -meanOf(chosen) + beta * softplus(-odds),
    slopes: [-(1 + pull / others) / chosen.tokens, pull / otherBad / rejected.tokens],
  };
}

/** ln(1 + eᶻ) */
const softplus = (z: number) => Math.max(z, 0) + log(1 + exp(-Math.abs(z)));

function sigmoid(z: number): number {
  const small = exp(-Math.abs(z));
  return (z < 0 ? small : 1) / (1 + small);
}
