import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import type { ModelAdapter } from "../../../adapters/model-adapter.js";
import type { Graph, NodeId } from "../../../graph/graph.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { raggedBatch } from "../../ragged-batch.js";
import { completionLoss, targetsOf } from "./completion-loss.js";
import type { TrainingParts } from "./fit-language.js";
import type { LanguageFitSettings } from "./fit-settings.js";
import { lastLayers, parametersOf, type Recording } from "./language-training.js";
import { answerLosses, measuringMemory } from "./measure.js";
import type { PreparedPreference } from "./preference-examples.js";
import {
  type AnswerScore,
  hasReference,
  labelledLoss,
  pairLoss,
  type PreferenceLoss,
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
export const measuredTexts = ({ answers, other }: PreparedPreference) =>
  other === null ? answers : [...answers, other];

/**
 * The summed loss of a batch, and its derivative with respect to each answer's log probability.
 * @param logps of the examples' answers, in order; @param ofOthers of their `other`, in order
 */
export function lossOfBatch(
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
export const scoresOf = (
  { answers, reference }: PreparedPreference,
  logps: ArrayLike<number>,
  start: number,
): AnswerScore[] =>
  answers.map(({ targets }, i) => ({
    logp: logps[start + i]!,
    tokens: targets.length,
    reference: reference?.[i] ?? 0,
  }));

/** Mean log ratio of the exchanged answers' probabilities to the base's, from 0: an estimate of the divergence from the base. */
export function divergenceOf(batch: readonly PreparedPreference[], ofOthers: ArrayLike<number>): number {
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
