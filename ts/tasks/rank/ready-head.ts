import type { Json } from "../../io/json.js";
import { readJson } from "../../io/model-source.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { activationOf, defaultActivation } from "../cross/activations.js";
import type { HeadTensors } from "../cross/cross-head.js";
import type { CrossActivation } from "../cross/cross-options.js";
import { headOf, isLanguageModel, labelsOf } from "../cross/open-cross.js";

type Settings = Readonly<Record<string, Json>>;

/** The head of a checkpoint, to train further. */
export interface ReadyHead {
  /** By their names in a file, in its orientation. */
  readonly tensors: HeadTensors;
  /** Names of its logits. */
  readonly labels: readonly string[];
  readonly activation: CrossActivation;
}

/** The head that the files of an encoder have, a checkpoint of transformers' `AutoModelForSequenceClassification`; null for a language model. */
export async function readyHead(encoder: SentenceEncoder): Promise<ReadyHead | null> {
  if (isLanguageModel(encoder.headPlan)) return null;
  const from = await encoder.origin.reopen();
  const config: Settings = (await readJson(from, "config.json")) ?? {};
  const settings: Settings = (await readJson(from, "config_sentence_transformers.json")) ?? {};
  const tensors = await headOf(from, encoder, new Map(), false);
  const count = tensors.get(`${encoder.headPlan.out}.weight`)!.shape[0]!;
  const activation = activationOf(encoder.name, settings, config) ?? defaultActivation(count);
  return { tensors, labels: labelsOf(from, settings, config, count), activation };
}
