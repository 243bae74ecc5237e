import type { LoraOptions } from "../adapters/lora-options.js";
import type { FileMap } from "../io/file-map.js";
import type { ModelSource } from "../io/model-source.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import type { InferOptions } from "../models/sentence/infer-options.js";
import type { EncoderOptions } from "./open-classifier.js";

/** What every call of a classifier takes: its adapter is its own. */
export type ClassifyOptions = Omit<InferOptions, "adapter" | "adapters">;

/** How a classifier is measured. */
export interface EvaluateOptions extends ClassifyOptions {
  /** Whether 95 % intervals are wanted; default true. */
  readonly intervals?: boolean;
}

/** A new classifier. */
export interface ClassifierOptions<Label extends string = string> {
  /** Names of the classes, two or more. Predictions have their literal types. */
  readonly labels: readonly Label[];
  /** The adapter that is trained along with the head; null for the head alone. */
  readonly lora?: LoraOptions | null;
  /** Name of that adapter in the encoder; default "classifier". */
  readonly adapter?: string;
}

/** How a saved classifier is loaded. */
export interface LoadClassifierOptions extends WeightOptions {
  /** Name that its adapter gets in the encoder; default "classifier". */
  readonly adapter?: string;
  /** Take an encoder with other weights than those that it was trained on; default false: it is refused by name. */
  readonly allowOtherBase?: boolean;
}

/** How a classifier is opened with its encoder, whose length of texts and pooling are those it was trained with. */
export interface OpenClassifierOptions<Label extends string = string> extends LoadClassifierOptions, EncoderOptions {
  /** The base, as `SentenceEncoder.load` takes it; default the one that the classifier's files name. */
  readonly model?: string | FileMap | ModelSource;
  /** Of a checkpoint of transformers: an adapter to train along with its head; default none. */
  readonly lora?: LoraOptions;
  /** Names of the classes, for PEFT's files, which have none; default what the base's config.json says, else LABEL_0, LABEL_1, … */
  readonly labels?: readonly Label[];
  /**
   * Tokens that texts are cut to, of PEFT's files and of a checkpoint of transformers, which do not say what they were trained with; default
   * what the model allows. What `save` gave says it.
   */
  readonly maxTokens?: number;
}
