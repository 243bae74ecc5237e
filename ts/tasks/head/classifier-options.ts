import type { LoraOptions } from "../../adapters/lora-options.js";
import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import type { WeightOptions } from "../../io/safetensors/index.js";
import type { InferOptions } from "../../models/sentence/infer-options.js";
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
