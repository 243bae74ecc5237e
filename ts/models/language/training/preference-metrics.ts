import type { AdapterChoice } from "../../../adapters/adapter-set.js";
import type { Decoder } from "../../decoder/decoder.js";
import type { TrainingParts } from "./fit-language.js";
import { type MeasureEvents, measuringMemory, targetLosses } from "./measure.js";
import type { PreparedPreference } from "./preference-examples.js";
import { type AnswerScore, hasReference, type PreferenceLoss, rewardOf } from "./preference-losses.js";
import { divergenceOf, lossOfBatch, measuredTexts, scoresOf } from "./preference-task.js";

/** Metrics of preferences. Equal values count as half. */
export type PreferenceMetrics = Readonly<Record<"rewardAccuracy" | "margin" | "accuracy" | "loss", number>>;

/**
 * Measures examples with an adapter's current values, or the base alone (null).
 *
 * `rewardAccuracy`: share of pairs whose chosen answer has the higher reward; of labelled answers, share of rewards on the right side of
 * the divergence. `margin`: mean difference of the rewards. `accuracy`: share of pairs whose chosen answer is more probable, whatever the
 * base says (by the mean of its tokens for a loss without a reference); of labelled answers, the probability that a wanted one has a
 * higher mean log probability than another, or 0.5 if there is only one kind. `loss`: the mean.
 */
export async function measurePreferences(
  parts: TrainingParts,
  adapter: AdapterChoice,
  examples: readonly PreparedPreference[],
  loss: PreferenceLoss,
  { signal, onProgress }: MeasureEvents,
): Promise<PreferenceMetrics> {
  const measured = async (choice: AdapterChoice, some: readonly PreparedPreference[], events: MeasureEvents) => {
    const { adapters, end } = parts.adapterSet.begin(choice);
    try {
      const texts = some.flatMap((one) => measuredTexts(one));
      return (await targetLosses(parts, adapters, texts, events)).map((each) => -each);
    } finally {
      end();
    }
  };
  if (hasReference(loss)) {
    const missing = examples.filter(({ reference }) => reference === null);
    const logps = await measured(null, missing, { signal });
    forEachTexts(missing, (one, start, count) => {
      one.reference = logps.slice(start, start + count);
    });
  }
  const perExample = examples.reduce((most, one) => Math.max(most, measuredTexts(one).length), 1);
  const logps = await measured(adapter, examples, {
    signal,
    ...(onProgress && {
      onProgress: (done: number) => onProgress(Math.min(examples.length, Math.floor(done / perExample))),
    }),
  });
  return metricsOf(examples, logps, loss);
}

/** Bytes for measuring these examples. */
export const preferenceMemory = (model: Decoder, examples: readonly PreparedPreference[]): number =>
  measuringMemory(
    model,
    examples.flatMap((one) => measuredTexts(one)),
  );

/** Calls `visit` with each example, and the range of its texts among those of all. */
function forEachTexts(
  examples: readonly PreparedPreference[],
  visit: (example: PreparedPreference, start: number, count: number) => void,
): void {
  let at = 0;
  for (const one of examples) {
    const count = measuredTexts(one).length;
    visit(one, at, count);
    at += count;
  }
}

function metricsOf(
  examples: readonly PreparedPreference[],
  logps: Float64Array,
  loss: PreferenceLoss,
): PreferenceMetrics {
  const [ofAnswers, ofOthers]: [number[], number[]] = [[], []];
  const scores: AnswerScore[][] = [];
  forEachTexts(examples, (one, start, count) => {
    scores.push(scoresOf(one, logps, start));
    ofAnswers.push(...logps.subarray(start, start + one.answers.length));
    if (count > one.answers.length) ofOthers.push(logps[start + count - 1]!);
  });
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  const total = lossOfBatch(loss, examples, ofAnswers, ofOthers).loss / examples.length;
  const rewards = scores.map((answers) => answers.map((answer) => rewardOf(loss, answer)));
  if (examples[0]!.desirable === null) {
    const likely = (answer: AnswerScore) => (hasReference(loss) ? answer.logp : answer.logp / answer.tokens);
    return {
      rewardAccuracy: mean(rewards.map(([chosen, rejected]) => above(chosen!, rejected!))),
      margin: mean(rewards.map(([chosen, rejected]) => chosen! - rejected!)),
      accuracy: mean(scores.map(([chosen, rejected]) => above(likely(chosen!), likely(rejected!)))),
      loss: total,
    };
  }
  const neutral = loss.beta * divergenceOf(examples, ofOthers);
  const right = (reward: number, desirable: boolean) => (desirable ? above(reward, neutral) : above(neutral, reward));
  const kind = (desirable: boolean) => examples.flatMap((one, i) => (one.desirable === desirable ? [i] : []));
  const [wanted, unwanted] = [kind(true), kind(false)];
  return {
    rewardAccuracy: mean(examples.map(({ desirable }, i) => right(rewards[i]![0]!, desirable!))),
    margin: mean(wanted.map((i) => rewards[i]![0]!)) - mean(unwanted.map((i) => rewards[i]![0]!)),
    accuracy: rankedAbove(
      wanted.map((i) => perToken(scores[i]![0]!)),
      unwanted.map((i) => perToken(scores[i]![0]!)),
    ),
    loss: total,
  };
}

const perToken = ({ logp, tokens }: AnswerScore) => logp / tokens;
const above = (a: number, b: number) => (a > b ? 1 : a === b ? 0.5 : 0);

/** The probability that one of `high` is above one of `low` (the area under the ROC curve); 0.5 if one is empty. */
function rankedAbove(high: readonly number[], low: readonly number[]): number {
  if (high.length === 0 || low.length === 0) return 0.5;
  const sorted = [...high.map((value) => ({ value, high: 1 })), ...low.map((value) => ({ value, high: 0 }))];
  sorted.sort((a, b) => a.value - b.value);
  let [below, sum] = [0, 0];
  for (let first = 0; first < sorted.length;) {
    let [end, highs] = [first, 0];
    while (end < sorted.length && sorted[end]!.value === sorted[first]!.value) highs += sorted[end++]!.high;
    const lows = end - first - highs;
    sum += highs * (below + lows / 2);
    below += lows;
    first = end;
  }
  return sum / (high.length * low.length);
}
