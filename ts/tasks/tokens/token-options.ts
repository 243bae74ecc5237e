import type { FileMap } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import type { LoraOptions } from "../../adapters/lora-options.js";
import type { InferOptions } from "../../models/sentence/infer-options.js";
import type { ClassifierOptions, LoadClassifierOptions } from "../classifier-options.js";
import type { LessonOptions } from "../classifier-training.js";
import type { FitHeadOptions } from "../fit-head.js";
import type { EncoderOptions } from "../open-classifier.js";
import type { Aggregation } from "./token-spans.js";

/** How tokens are classified. */
export interface TokenClassifyOptions extends Omit<InferOptions, "adapters"> {
  /**
   * "first" (default): a word has the label of its first token, as `fit` trains and `evaluate` measures it, and neighbouring words with the
   * same label are one span; "B-" and "I-" before labels say where one begins and goes on, and "O" is left out. "simple": the same of
   * tokens, whatever words they are of. "none": a span for each token, or for each word where words are given, "O" included. As in
   * transformers' pipeline, whose default is "none"; words of a text are runs of letters and digits, and every other sign by itself. Beside
   * it, labels of IOBES and BILOU say with "E-" or "L-" where a span ends and with "S-" or "U-" that it is a single word.
   */
  readonly aggregation?: Aggregation;
}

/** A new classifier of tokens. Labels of entities are written "B-…" where one begins, "I-…" where it goes on, "O" for all else. */
export type TokenClassifierOptions<Label extends string = string> = ClassifierOptions<Label>;

/** How a classifier of tokens is trained: as one of texts, but for `sampling` and `emptyTexts`. */
export type TokenFitOptions = LessonOptions;

/** How its head is fitted: as that of a classifier of texts, but for `sampling` and `emptyTexts`. */
export type TokenFitHeadOptions = Omit<FitHeadOptions, "sampling" | "emptyTexts">;

/** How a classifier of tokens is measured. */
export interface TokenEvaluateOptions extends Omit<InferOptions, "adapters"> {
  /**
   * Whether an entity must begin with "B-", as in seqeval's strict mode of IOB2; default false: "I-" after another label begins one too, as
   * in seqeval's default mode and conlleval. Where labels say where entities end ("E-", "L-"), one without its end is none either.
   */
  readonly strict?: boolean;
}

/** How a classifier of tokens is opened with its encoder. */
export interface OpenTokenClassifierOptions<Label extends string = string> extends LoadClassifierOptions, EncoderOptions {
  /** The base, as `SentenceEncoder.load` takes it; default the one that the files name. */
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
