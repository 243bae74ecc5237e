import type { LoraOptions } from "../../adapters/lora-options.js";
import type { FileMap } from "../../io/file-access.js";
import { modelSource } from "../../io/model-locator.js";
import { type ModelSource, readJson } from "../../io/model-source.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { CrossEncoder } from "../cross/cross-encoder.js";
import type { CrossActivation } from "../cross/cross-options.js";
import type { CrossParts, HeadTensors } from "../cross/cross-head.js";
import { headOf, isLanguageModel, labelsOf, partsOn } from "../cross/open-cross.js";
import type { Json } from "../../io/json.js";
import { activationOf, defaultActivation } from "../cross/activations.js";

const adapter = "cross-encoder";

/** What a run knows of its cross-encoder, in place of what the files say. */
interface Known {
  readonly labels?: readonly string[] | undefined;
  readonly activation?: CrossActivation | undefined;
}

/**
 * The cross-encoder of a run's files, on a loaded base. Throws as `CrossEncoder.load`; on an error the base is as before.
 *
 * @param names of its classes; empty for one score
 */
export async function crossEncoderOn(encoder: SentenceEncoder, files: FileMap, names: readonly string[]) {
  const [base, run] = [await encoder.origin.reopen(), await modelSource(files)];
  const from: ModelSource = { name: base.name, open: async (file) => (await run.open(file)) ?? base.open(file) };
  const parts = await partsOn(encoder, { from, saved: files, adapter });
  return crossOf(parts, { labels: names.length > 0 ? names : undefined });
}

/** A new adapter on a language model that answers for pairs of texts. Throws as `CrossEncoder.load`. */
export async function answersOn(
  encoder: SentenceEncoder,
  lora: LoraOptions | null,
  activation: CrossActivation | undefined,
) {
  const from = await encoder.origin.reopen();
  return crossOf(await partsOn(encoder, { from, saved: null, adapter, lora: lora ?? undefined }), { activation });
}

function crossOf(parts: Omit<CrossParts, "ownsEncoder">, known: Known) {
  const { labels = parts.labels, activation = parts.activation } = known;
  const Cross = CrossEncoder as unknown as new (parts: CrossParts) => CrossEncoder<number | number[]>;
  return new Cross({ ...parts, labels, activation, ownsEncoder: false });
}

type Settings = Readonly<Record<string, Json>>;

/** The head of a checkpoint, to train further. */
export interface ReadyHead {
  /** Tensors by their names in a file, in its orientation. */
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
