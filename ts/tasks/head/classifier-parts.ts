import { LORA_OPTIONS, type LoraOptions } from "../../adapters/lora-options.js";
import type { ModelAdapter } from "../../adapters/model-adapter.js";
import { checkOptions } from "../../arguments/options.js";
import { checkRecord, flag } from "../../arguments/settings.js";
import { AdapterError, ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { Graph, type NodeId } from "../../graph/graph.js";
import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import { checkNotMerged, readAdapter } from "../../io/peft/index.js";
import { takeWeightOptions, type WeightOptions } from "../../io/safetensors/index.js";
import type { InferOptions } from "../../models/sentence/encoder-options.js";
import { checkUsable, SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { ClassificationHead } from "../../nn/classification-head.js";
import type { TextTokenizer } from "../../tokenize/text-tokenizer.js";
import { inTraining } from "../../train/task.js";
import type { Tensor } from "../../values/tensor.js";
import { halves, type MultiLabelParts } from "../multi-label/listed-examples.js";
import {
  type Calibrated,
  checkNoAdapter,
  type HeadTask,
  type HeadValues,
  LABELS_FILE,
  type LabelsFile,
  labelsOf,
  type NumberLimits,
  readHead,
  takeLabels,
} from "./classifier-files.js";
import type { EncoderOptions } from "./open-classifier.js";

/** Options of a classifier's calls; its adapter is fixed. */
export type ClassifyOptions = Omit<InferOptions, "adapter" | "adapters">;

/** Options of `TextClassifier.evaluate`. */
export interface EvaluateOptions extends ClassifyOptions {
  /** Whether to compute 95 % intervals; default true. */
  readonly intervals?: boolean;
}

/** Options of `TextClassifier.create`. */
export interface ClassifierOptions<Label extends string = string> {
  /** Names of the classes, at least two. Predictions have their literal types. */
  readonly labels: readonly Label[];
  /** Whether a text has any number of these labels, also none; default false: exactly one. */
  readonly multiLabel?: false;
  /** Options of the adapter to train together with the head; null to train only the head. */
  readonly lora?: LoraOptions | null;
  /** Name of the adapter in the encoder; default "classifier". */
  readonly adapter?: string;
}

/** Options of `TextClassifier.create` for several labels a text. */
export interface MultiLabelClassifierOptions<Label extends string = string> extends Omit<
  ClassifierOptions<Label>,
  "multiLabel"
> {
  /** A text has any number of the labels, also none. */
  readonly multiLabel: true;
}

/** Options of `TextClassifier.load`. */
export interface LoadClassifierOptions extends WeightOptions {
  /** Name of its adapter in the encoder; default "classifier". */
  readonly adapter?: string;
  /** Accept an encoder with other weights than in training; default false: throws. */
  readonly allowOtherBase?: boolean;
}

/** Options of `TextRegressor.open`. The encoder gets the pooling and maximum length of the training. */
export interface OpenRunOptions extends LoadClassifierOptions, EncoderOptions {
  /** The base model, as in `SentenceEncoder.load`; default: the one that the files name. */
  readonly model?: string | FileMap | ModelSource;
}

/** Options of `TextClassifier.open`. The encoder gets the pooling and maximum length of the classifier's training. */
export interface OpenClassifierOptions<Label extends string = string> extends LoadClassifierOptions, EncoderOptions {
  /** The base model, as in `SentenceEncoder.load`; default: the one that the classifier's files name. */
  readonly model?: string | FileMap | ModelSource;
  /** Options of an adapter to train together with the head of a checkpoint of transformers; default: none. */
  readonly lora?: LoraOptions;
  /** Whether a text has any number of labels, for a checkpoint and PEFT's files; default: by problem_type in config.json, else false. */
  readonly multiLabel?: boolean;
  /** Names of the classes, for PEFT's files, which have none; default: those of the base's config.json, else LABEL_0, LABEL_1, … */
  readonly labels?: readonly Label[];
  /**
   * Length in tokens to which texts are truncated, for PEFT's files and checkpoints of transformers, which do not record it; default: the
   * model's maximum. The files of `save` record it.
   */
  readonly maxTokens?: number;
}

/**
 * How a classifier's texts are tokenized on this encoder: as in training. Throws `FormatError` for settings that the encoder does not
 * support, `AdapterError` if the classifier was trained on another encoder.
 *
 * @param allowOtherBase accept any weights that fit adapter and head
 */
export function tokenizerFor(encoder: SentenceEncoder, labels: LabelsFile, allowOtherBase: boolean): TextTokenizer {
  const { pooling, maxTokens, lowercase } = labels;
  if (pooling !== null && pooling !== String(encoder.pooling))
    throw new FormatError(
      `${LABELS_FILE}: the classifier was trained on vectors of pooling ${excerpt(pooling)}, but this encoder has pooling ` +
        `"${encoder.pooling}": load the encoder with that \`pooling\``,
      { pooling },
    );
  const { maxPositions } = encoder.model.config;
  if (maxTokens !== null && maxTokens > maxPositions)
    throw new FormatError(
      `${LABELS_FILE}: the classifier accepts texts of up to ${maxTokens} tokens, but this encoder has positions for ${maxPositions}`,
      { file: LABELS_FILE, option: "maxTokens", value: maxTokens, expected: maxPositions },
    );
  checkMerged(encoder, labels);
  if (!allowOtherBase) checkBase(encoder, labels);
  const { tokenizer, formerMaxTokens } = encoder;
  return tokenizer.with(maxTokens ?? formerMaxTokens, lowercase ?? tokenizer.lowercase);
}

/** A head without adapter files needs weights with the adapter merged in. */
function checkMerged({ name, mergedModel }: SentenceEncoder, { merged }: LabelsFile): void {
  if (merged === null || mergedModel?.adapters.some(({ fingerprint }) => fingerprint === merged)) return;
  throw new AdapterError(
    `${LABELS_FILE}: the head is for a model with its adapter merged in, but the weights of ${clip(name)} do not contain that ` +
      "adapter: load the model in the head's folder, or the run that was merged",
    { model: name, name: merged, reason: "not merged" },
  );
}

/** Throws `AdapterError` if the classifier was trained on another encoder. */
export function checkBase({ name, fingerprint, weightsFingerprint }: SentenceEncoder, { base }: LabelsFile): void {
  if (base === null || base.fingerprint === fingerprint || base.fingerprint === weightsFingerprint) return;
  throw new AdapterError(
    `${LABELS_FILE}: the classifier was trained on ${clip(base.name)}, and ${clip(name)} has other weights or another tokenizer: load the ` +
      "encoder that it was trained on, or pass `allowOtherBase` (`--allow-other-base`)",
    { model: name, expected: base.fingerprint, actual: fingerprint },
  );
}

/** The parts of a classifier. */
export interface ClassifierParts {
  readonly encoder: SentenceEncoder;
  readonly labels: readonly string[];
  readonly modelAdapter: ModelAdapter | null;
  readonly head: ClassificationHead;
  readonly tokenizer: TextTokenizer;
  /** Fingerprint of the adapter that is merged into the base. */
  readonly merged: string | null;
  /** Whether only this classifier uses the encoder. */
  readonly ownsEncoder: boolean;
  /** Limits of the predictions of a regressor that was loaded. */
  readonly limits?: NumberLimits;
  /** Thresholds of a classifier with several labels a text. */
  readonly multi?: MultiLabelParts | null;
  /** Calibration of a classifier that was loaded; its temperature is in the head. */
  readonly calibrated?: Calibrated;
}

/** Parts of a new classifier; see `TextClassifier.create`. */
export function newParts(
  encoder: SentenceEncoder,
  options: ClassifierOptions | MultiLabelClassifierOptions,
): ClassifierParts {
  checkOptions("TextClassifier.create", options, ["labels", "multiLabel", "lora", "adapter"], {
    lora: LORA_OPTIONS,
  });
  const { labels: given, multiLabel = false, lora = {}, adapter = "classifier" } = options;
  flag("TextClassifier.create", "multiLabel", multiLabel);
  checkEncoder("TextClassifier.create", encoder);
  const labels = takeLabels(given);
  checkUsable("TextClassifier.create", encoder);
  const { graph, hiddenSize, adapterSet, tokenizer } = encoder;
  const parts = whole(
    { encoder, labels, tokenizer, merged: null },
    () => (lora === null ? null : adapterSet.add(adapter, lora, { what: "TextClassifier.create", classifier: true })),
    () => ClassificationHead.create(graph, hiddenSize, labels.length),
  );
  return multiLabel ? { ...parts, multi: halves(labels) } : parts;
}

/** Checked arguments for loading a saved classifier of texts or tokens. Throws `ConfigError`. */
export function takeLoading(what: string, encoder: SentenceEncoder, files: FileMap, options: LoadClassifierOptions) {
  checkOptions(what, options, ["adapter", "allowNonFinite", "allowOtherBase"]);
  const { adapter = "classifier", allowOtherBase = false, ...others } = options;
  flag(what, "allowOtherBase", allowOtherBase);
  const rest = takeWeightOptions(what, others);
  checkEncoder(what, encoder);
  checkUsable(what, encoder);
  checkRecord(`${what}: a classifier's files by name, as bytes, are expected`, files);
  return { adapter, allowOtherBase, rest };
}

/** Parts of a saved classifier or regressor; see `TextClassifier.load`. */
export function loadedParts(
  encoder: SentenceEncoder,
  files: FileMap,
  options: LoadClassifierOptions,
  what = "TextClassifier.load",
  task: HeadTask = "classify",
): ClassifierParts {
  const { adapter, allowOtherBase, rest } = takeLoading(what, encoder, files, options);
  const about = labelsOf(files, task);
  const { labels, merged, adapted } = about;
  if (!adapted && merged === null) checkNoAdapter(files);
  const { graph, hiddenSize, adapterSet, mergedModel } = encoder;
  // First: its message says more than "other weights".
  if (mergedModel !== null && adapted) checkNotMerged(what, readAdapter(files, rest), encoder.name, mergedModel);
  const tokenizer = tokenizerFor(encoder, about, allowOtherBase);
  const { limits, thresholds, temperature = 1, abstain } = about;
  const { weight, bias } = cooled(readHead(files, hiddenSize, labels.length, rest), temperature);
  const parts = whole(
    { encoder, labels, tokenizer, merged },
    () => (adapted ? adapterSet.load(adapter, files, rest, { what, classifier: true }) : null),
    () => new ClassificationHead(graph, weight, bias),
  );
  const calibrated = abstain && { calibrated: { abstain } };
  return { ...parts, ...(limits && { limits }), ...(thresholds && { multi: { thresholds } }), ...calibrated };
}

/** A head whose logits are divided by a temperature. */
function cooled({ weight, bias }: HeadValues, temperature: number): HeadValues {
  const divided = ({ shape, data }: Tensor) => ({ shape, data: data.map((value) => value / temperature) });
  return temperature === 1 ? { weight, bias } : { weight: divided(weight), bias: divided(bias) };
}

/** Adds the adapter, if there is one, and the head. If the head cannot be made, adds neither. */
export function whole(
  { encoder, labels, tokenizer, merged }: Pick<ClassifierParts, "encoder" | "labels" | "tokenizer" | "merged">,
  addAdapter: () => ModelAdapter | null,
  makeHead: () => ClassificationHead,
): ClassifierParts {
  const { graph } = encoder;
  return graph.allOrNothing(() => {
    const adapter = addAdapter();
    try {
      const head = graph.allOrNothing(makeHead);
      return { encoder, labels, tokenizer, merged, modelAdapter: adapter, head, ownsEncoder: false };
    } catch (error) {
      if (adapter !== null) encoder.removeAdapter(adapter.name);
      throw error;
    }
  });
}

export function checkEncoder(what: string, encoder: SentenceEncoder): void {
  if (encoder instanceof SentenceEncoder && encoder.graph instanceof Graph) return;
  const isPlace = what === "TextClassifier.load" && typeof encoder === "string";
  const hint = isPlace ? "; `TextClassifier.open(folder)` loads a classifier with its encoder" : "";
  throw new ConfigError(`${what}: encoder is a SentenceEncoder, got ${excerpt(encoder)}${hint}`, {
    op: what,
    option: "encoder",
    expected: "a SentenceEncoder",
    value: encoder,
  });
}

/** An adapter and a head on an encoder. */
interface Trained {
  readonly encoder: SentenceEncoder;
  readonly modelAdapter: ModelAdapter | null;
  readonly ownsEncoder: boolean;
}

/**
 * Frees adapter and head, and the encoder if it belongs to them. Throws `ConfigError` while they are trained or merged; removing an adapter
 * checks that too.
 *
 * @param kind what the message calls them; @param head all nodes of the head; @param trained parameters that no `fit` may be training
 */
export function disposeTrained(
  { encoder, modelAdapter, ownsEncoder }: Trained,
  kind: string,
  head: readonly NodeId[],
  trained: readonly NodeId[],
): void {
  const { adapterSet, graph } = encoder;
  if (!graph.gone && inTraining(graph, trained))
    throw new ConfigError(`dispose: ${kind} is being trained; await its fit first`, {
      op: "dispose",
      reason: "running",
    });
  if (modelAdapter !== null && adapterSet.has(modelAdapter)) adapterSet.remove(modelAdapter.name, "dispose");
  if (!graph.gone) graph.release(head);
  if (ownsEncoder) encoder.dispose();
}
