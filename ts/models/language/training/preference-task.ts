import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { AdapterChoice } from "../../../adapters/adapter-set.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { stepOfAdapter } from "../../adapter-step.js";
import type { Decoder } from "../../decoder/decoder.js";
import { raggedBatch } from "../../ragged-batch.js";
import type { TrainingParts } from "./fit-language.js";
import { type LanguageFitSettings, lastLayers, parametersOf, type Recording } from "./language-training.js";
import {
  answerLosses,
  completionLoss,
  type MeasureEvents,
  measuringMemory,
  targetLosses,
  targetsOf,
} from "./measure.js";
import type { PreparedPreference } from "./preference-rows.js";
import {
  type AnswerScore,
  hasReference,
  labelledLoss,
  pairLoss,
  type PreferenceLoss,
  rewardOf,
  type SlopedLoss,
} from "./preference-losses.js";

/** Training of an adapter on preferences. */
export function preferenceTask(
  parts: TrainingParts,
  adapter: ModelAdapter,
  settings: Pick<LanguageFitSettings, "checkpointing" | "layers" | "loraPlus">,
  loss: PreferenceLoss,
): Task<PreparedPreference> {
  const { graph, model, adapterSet } = parts;
  const trained = lastLayers(adapter, model, settings.layers);
  const recording = { checkpointing: settings.checkpointing, frozenLayers: trained.frozenLayers };
  return {
    graph,
    ...parametersOf(trained, settings.loraPlus),
    loss(batch) {
      adapterSet.checkTrainable(adapter);
      return preferenceLoss(parts, trained.applied(), batch, loss, recording);
    },
    memory: (batch) => {
      const tokens = batch.reduce((sum, one) => sum + tokensOf(one), 0);
      const step = model.stepMemory({ tokens, adapted: stepOfAdapter(model, adapter.config), ...recording });
      // Other texts are measured before the recorded ones are computed.
      const measured = batch.flatMap(({ answers, other }) => [...answers, ...(other === null ? [] : [other])]);
      return Math.max(step, measuringMemory(model, measured));
    },
  };
}

/** Number of tokens of its answers. */
export const tokensOf = ({ answers }: Pick<PreparedPreference, "answers">): number =>
  answers.reduce((sum, { ids }) => sum + ids.length, 0);

/**
 * Sum of the loss over a batch. The loss is a function of few numbers, the answers' log probabilities, so it is computed in float64, and
 * recorded as the linear function of them with its value and gradient. Logits are computed answer by answer, and recomputed for their
 * gradient.
 */
function preferenceLoss(
  { graph, model }: Pick<TrainingParts, "graph" | "model">,
  adapter: AppliedAdapter,
  batch: readonly PreparedPreference[],
  loss: PreferenceLoss,
  recording: Recording,
): BatchLoss {
  if (hasReference(loss))
    for (const one of batch)
      one.reference ??= answerLosses({ graph, model }, () => [], measuredTexts(one)).map((each) => -each);
  const others = batch.flatMap(({ other }) => (other === null ? [] : [other]));
  const ofOthers = answerLosses({ graph, model }, () => [{ adapter }], others).map((each) => -each);
  const answers = batch.flatMap((one) => one.answers);
  const texts = raggedBatch(answers.map(({ ids }) => ids));
  const selection = [{ adapter }];
  const hidden = model.forward(texts, selection, recording);
  const losses = answers.map((answer, i) => {
    const targets = targetsOf([answer], texts.offsets.subarray(i, i + 1));
    const sum = graph.checkpoint((x: NodeId) => completionLoss(graph, model, x, targets, selection), [hidden]);
    return graph.reshape(sum, [1]);
  });
  const values = losses.map((sum) => -graph.value(sum).data[0]!);
  const { loss: value, slopes } = lossOfBatch(loss, batch, values, ofOthers);
  return { sum: linear(graph, losses, value, slopes), targets: batch.length, tokens: texts.ids.length };
}

/** The texts whose probability under the base is needed. */
const measuredTexts = ({ answers, other }: PreparedPreference) => (other === null ? answers : [...answers, other]);

/**
 * The summed loss of a batch, and its derivative with respect to each answer's log probability.
 * @param logps of the examples' answers, in order; @param ofOthers of their `other`, in order
 */
function lossOfBatch(
  loss: PreferenceLoss,
  batch: readonly PreparedPreference[],
  logps: ArrayLike<number>,
  ofOthers: ArrayLike<number>,
): SlopedLoss {
  let at = 0;
  const scores = batch.map((one) => scoresOf(one, logps, (at += one.answers.length) - one.answers.length));
  const divergence = divergenceOf(batch, ofOthers);
  const each = batch.map(({ desirable }, i) => {
    const [first, second] = scores[i]!;
    if (desirable !== null) return labelledLoss(loss, first!, desirable, divergence);
    return pairLoss(loss, first!, second!);
  });
  return {
    loss: each.reduce((sum, one) => sum + one.loss, 0),
    slopes: each.flatMap(({ slopes }) => slopes),
  };
}

/** The scores of an example's answers, whose log probabilities begin at index `start`. */
const scoresOf = ({ answers, reference }: PreparedPreference, logps: ArrayLike<number>, start: number): AnswerScore[] =>
  answers.map(({ targets }, i) => ({
    logp: logps[start + i]!,
    tokens: targets.length,
    reference: reference?.[i] ?? 0,
  }));

/** Mean log ratio of the exchanged answers' probabilities to the base's, from 0: an estimate of the divergence from the base. */
function divergenceOf(batch: readonly PreparedPreference[], ofOthers: ArrayLike<number>): number {
  const references = batch.flatMap(({ other, reference }) => (other === null ? [] : [reference?.at(-1) ?? 0]));
  if (references.length === 0) return 0;
  const sum = references.reduce((total, reference, i) => total + ofOthers[i]! - reference, 0);
  return Math.max(0, sum / references.length);
}

/** A number on the tape: `value`, with these derivatives with respect to the log probabilities, the negated `losses`. */
function linear(graph: Graph, losses: readonly NodeId[], value: number, slopes: readonly number[]): NodeId {
  const factors = Float32Array.from(slopes, (slope) => -slope);
  const scaled = graph.mul(graph.concat(losses, 0), graph.constant({ shape: [factors.length], data: factors }));
  const sum = graph.sum(scaled);
  const rest = Float32Array.of(value - graph.value(sum).data[0]!);
  return graph.add(sum, graph.constant({ shape: [], data: rest }));
}

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
