import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import type { InferOptions } from "../../models/sentence/infer-options.js";
import type { ClassifierOptions, LoadClassifierOptions } from "../head/classifier-options.js";
import type { LessonOptions } from "../head/classifier-training.js";
import type { FitHeadOptions } from "../head/fit-head.js";
import type { EncoderOptions } from "../head/open-classifier.js";
import type { Aggregation } from "./token-spans.js";

/** Options of `TokenClassifier.predict`. */
export interface TokenClassifyOptions extends Omit<InferOptions, "adapters"> {
  /**
   * "first" (default): a word has the label of its first token, as in `fit` and `evaluate`, and neighbouring words with the same label are
   * one span; "B-" and "I-" say where a span begins and continues, "O" is omitted. "simple": the same for tokens. "none": a span for each
   * token, or for each given word, including "O". The names are those of transformers' pipeline, whose default is "none". Words of a text
   * are runs of letters and digits; every other character is a word. With labels in IOBES or BILOU, "E-" and "L-" say where a span ends,
   * "S-" and "U-" that it is a single word.
   */
  readonly aggregation?: Aggregation;
}

/** Options of `TokenClassifier.create`. Labels of entities are "B-…" where one begins, "I-…" where it continues, and "O" for other words. */
export type TokenClassifierOptions<Label extends string = string> = ClassifierOptions<Label>;

/** Options of `TokenClassifier.fit`: those of a text classifier without `sampling` and `emptyTexts`. */
export type TokenFitOptions = LessonOptions;

/** Options of `TokenClassifier.fitHead`: those of a text classifier without `sampling` and `emptyTexts`. */
export type TokenFitHeadOptions = Omit<FitHeadOptions, "sampling" | "emptyTexts">;

/** Options of `TokenClassifier.evaluate`. */
export interface TokenEvaluateOptions extends Omit<InferOptions, "adapters"> {
  /**
   * Whether an entity must begin with "B-", as in seqeval's strict mode for IOB2. Default false: "I-" after another label also begins one,
   * as in seqeval's default mode and conlleval. With labels that mark ends ("E-", "L-"), an entity without its end does not count either.
   */
  readonly strict?: boolean;
}

/** Options of `TokenClassifier.open`. */
export interface OpenTokenClassifierOptions<Label extends string = string>
  extends LoadClassifierOptions, EncoderOptions {
  /** The base model, as in `SentenceEncoder.load`; default: the one that the files name. */
  readonly model?: string | FileMap | ModelSource;
  /** Options of an adapter to train together with the head of a checkpoint of transformers; default: none. */
  readonly lora?: LoraOptions;
  /** Names of the classes, for PEFT's files, which have none; default: those of the base's config.json, else LABEL_0, LABEL_1, … */
  readonly labels?: readonly Label[];
  /**
   * Length in tokens to which texts are truncated, for PEFT's files and checkpoints of transformers, which do not record it; default: the
   * model's maximum. The files of `save` record it.
   */
  readonly maxTokens?: number;
}
