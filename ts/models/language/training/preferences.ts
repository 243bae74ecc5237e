import { listFrom } from "../../../arguments/collections.js";
import { positive, whole } from "../../../arguments/settings.js";
import { isRecord } from "../../../arguments/collections.js";
import type { AppliedAdapter } from "../../../adapters/adapter-parts.js";
import { ConfigError } from "../../../errors/errors.js";
import type { NodeId } from "../../../graph/graph.js";
import { fit } from "../../../train/fit.js";
import type { EvaluateEvery, FitReport } from "../../../train/fit-options.js";
import type { BatchLoss, Task } from "../../../train/task.js";
import { stepOfAdapter } from "../../adapter-step.js";
import { raggedBatch } from "../../ragged-batch.js";
import { completionLoss, targetsOf } from "./completion-loss.js";
import { type Turn, wrong } from "./example-formats.js";
import { adapterOf, type TrainingParts } from "./fit-language.js";
import { type LanguageTrainingOptions, readFitOptions, settingsOf } from "./fit-settings.js";
import { parametersOf } from "./language-training.js";
import { lastLayers, type Trained } from "./last-layers.js";
import { targetLosses } from "./measure.js";
import { takeLanguageExamples } from "./training-examples.js";
import type { TrainingTokens } from "./training-tokens.js";

/** Two answers to one prompt, one preferred: all texts, or all turns of a conversation. */
export interface Preference {
  /** The prompt: a text, or the turns so far. */
  readonly prompt: string | readonly Turn[];
  /** The preferred answer. */
  readonly chosen: string | readonly Turn[];
  /** The other answer. */
  readonly rejected: string | readonly Turn[];
}

/** Options of `CausalLanguageModel.fitPreferences`. */
export interface PreferenceFitOptions extends LanguageTrainingOptions {
  /** Strength of the penalty for deviating from the base model; large values allow small changes. Default 0.1. */
  readonly beta?: number;
  /** As `LanguageFitOptions.maxTokens`, for each answer with its prompt. */
  readonly maxTokens?: number;
  /** As `FitOptions.evaluate`. */
  readonly evaluate?: EvaluateEvery;
}

/** A checked pair. */
interface Pair {
  readonly chosen: TrainingTokens;
  readonly rejected: TrainingTokens;
  /** Under the base model: log of the ratio of the chosen answer's probability to the rejected one's. */
  readonly reference: number;
}

/** What `CausalLanguageModel.fitPreferences` does. */
export async function fitPreferences(
  parts: TrainingParts,
  examples: readonly Preference[],
  options: PreferenceFitOptions,
): Promise<FitReport> {
  const what = "fitPreferences";
  const {
    beta = 0.1,
    maxTokens,
    adapter,
    layers,
    loraPlusRatio,
    checkpointing,
    ...rest
  } = readFitOptions(what, options, ["beta", "maxTokens"]);
  positive(what, "beta", beta);
  if (maxTokens !== undefined) whole(what, "maxTokens", maxTokens, 2);
  const own = adapterOf(what, parts, adapter);
  const cut = { ...(maxTokens !== undefined && { maxTokens }) };
  const [chosen, rejected] = (["chosen", "rejected"] as const).map((answer) =>
    takeLanguageExamples(
      what,
      parts,
      listFrom(`${what}: a list of ${SHAPE} is expected`, examples, answered(what, answer)),
      cut,
    ),
  ) as [TrainingTokens[], TrainingTokens[]];
  if (chosen.length === 0)
    throw new ConfigError(`${what}: expected training examples, got an empty list`, {
      op: what,
      option: "examples",
      length: 0,
    });
  const sizes = chosen.map(({ ids }, i) => ids.length + rejected[i]!.ids.length);
  const settings = settingsOf(
    parts,
    { adapter, layers, loraPlusRatio, checkpointing },
    rest,
    sizes,
    stepOfAdapter(parts.model, own.config),
  );
  const trained = lastLayers(own, parts.model, settings.layers);
  const references = await referencesOf(parts, chosen, rejected, rest.signal);
  const pairs = chosen.map((one, i) => ({ chosen: one, rejected: rejected[i]!, reference: references[i]! }));
  const { model, graph, adapterSet } = parts;
  const recording = { checkpointing: settings.checkpointing, frozenLayers: trained.frozenLayers };
  const task: Task<Pair> = {
    graph,
    ...parametersOf(trained, settings.loraPlus),
    loss(batch) {
      adapterSet.checkTrainable(own);
      return preferenceLoss(parts, trained.applied(), batch, beta, recording);
    },
    memory: (batch) => {
      const tokens = batch.reduce((sum, one) => sum + one.chosen.ids.length + one.rejected.ids.length, 0);
      return model.stepMemory({ tokens, adapted: stepOfAdapter(model, own.config), ...recording });
    },
  };
  return fit(task, pairs, rest);
}

const SHAPE = "{ prompt, chosen, rejected }";

/** An example with one of its answers. */
function answered(what: string, answer: "chosen" | "rejected") {
  return (example: unknown, place: number) => {
    if (!isRecord(example)) throw wrong(what, place, `it is ${SHAPE}`);
    const { prompt, [answer]: given } = example;
    if (typeof prompt === "string" && typeof given === "string") return { prompt, completion: given };
    if (Array.isArray(prompt) && Array.isArray(given))
      return { messages: [...(prompt as Turn[]), ...(given as Turn[])] };
    throw wrong(what, place, `prompt and ${answer} are two texts, or two lists of messages`);
  };
}

/** The base model's log ratio of each pair: computed once, since it does not change. */
async function referencesOf(
  parts: TrainingParts,
  chosen: readonly TrainingTokens[],
  rejected: readonly TrainingTokens[],
  signal: AbortSignal | undefined,
): Promise<number[]> {
  const { adapters, end } = parts.adapterSet.begin(null);
  try {
    const losses = await targetLosses(parts, adapters, [...chosen, ...rejected], { signal });
    return chosen.map((_, i) => losses[chosen.length + i]! - losses[i]!);
  } finally {
    end();
  }
}

/**
 * Sum over pairs of −ln σ(β·(Δ − Δ₀)), where Δ is the log ratio of the chosen answer's probability to the rejected one's, and Δ₀ the base's
 * (direct preference optimisation, arXiv 2305.18290). Logits are computed answer by answer, and recomputed for their gradient.
 */
function preferenceLoss(
  { graph, model }: Pick<TrainingParts, "graph" | "model">,
  adapter: AppliedAdapter,
  pairs: readonly Pair[],
  beta: number,
  recording: { readonly checkpointing: boolean; readonly frozenLayers: Trained["frozenLayers"] },
): BatchLoss {
  const answers = pairs.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const batch = raggedBatch(answers.map(({ ids }) => ids));
  const selection = [{ adapter }];
  const hidden = model.forward(batch, selection, recording);
  const number = (value: number) => graph.constant({ shape: [1, 1], data: Float32Array.of(value) });
  const lossOf = (i: number): NodeId => {
    const targets = targetsOf([answers[i]!], batch.offsets.subarray(i, i + 1));
    return graph.reshape(
      graph.checkpoint((x: NodeId) => completionLoss(graph, model, x, targets, selection), [hidden]),
      [1, 1],
    );
  };
  const rows = pairs.map(({ reference }, i) => {
    const margin = graph.sub(graph.sub(lossOf(2 * i + 1), lossOf(2 * i)), number(reference));
    // The cross entropy of the first of two classes is −ln σ of the difference.
    return graph.concat([graph.mul(margin, number(beta)), number(0)], 1);
  });
  const sum = graph.crossEntropy(graph.concat(rows, 0), new Int32Array(pairs.length), { reduction: "sum" });
  return { sum, targets: pairs.length, tokens: batch.ids.length };
}
