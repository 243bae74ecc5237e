import { checkOptions } from "../../arguments/options.js";
import type { HeadPlan } from "../../models/architecture.js";
import { takeSavedBase } from "../../models/sentence/saved-encoder.js";
import type { SavedEncoder } from "../../models/sentence/saving/folder-files.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { Tensor } from "../../values/tensor.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { AnswerSettings } from "./answers/answer-head.js";
import type { CrossParts } from "./cross-head.js";
import type { CrossActivation, SaveCrossEncoderOptions } from "./cross-options.js";

/** A cross-encoder's state when `save` was called. */
export interface SavedCross extends SavedEncoder {
  readonly plan: HeadPlan;
  readonly labels: readonly string[];
  readonly activation: CrossActivation;
  /** The head's tensors, by their names in a file of the whole model. */
  readonly head: ReadonlyMap<string, Tensor>;
  /** Names of its modules among `modules_to_save`. */
  readonly modules: readonly string[];
  /** Whether the model has an embedding for the second text's tokens. */
  readonly hasTypes: boolean;
}

/** The same of a language model that answers. */
export interface SavedAnswers extends SavedEncoder {
  readonly activation: CrossActivation;
  readonly answers: AnswerSettings;
  /** Prefix of module paths in the language model. */
  readonly prefix: string;
}

/** Writes cross-encoders' folders. */
export const crossSaver = /* @__PURE__ */ lazyChunk(async () => (await import("./save-cross.js")).saveCross);

/** A copy of what is to be saved, before anything is awaited. Throws `ConfigError` for invalid options. */
export function takeSavedCross(
  cross: Omit<CrossParts, "ownsEncoder">,
  options: SaveCrossEncoderOptions,
): SavedCross | SavedAnswers {
  checkOptions("save", options, ["merged", "base", "metrics", "signal"]);
  const { encoder, head, labels, activation, modelAdapter } = cross;
  if (head.pairs !== null) {
    const { answers } = head;
    return { ...takeSavedBase(encoder, modelAdapter, options), activation, answers, prefix: encoder.headPlan.prefix };
  }
  const tensors = new Map([...head.tensors()].map(([name, tensor]) => [head.fileName(name), tensor] as const));
  const { plan } = head;
  return {
    ...takeSavedBase(encoder, modelAdapter, options),
    plan,
    labels,
    activation,
    head: tensors,
    modules: head.modules(),
    hasTypes: hasTypes(encoder),
  };
}

/** Whether a model has an embedding for the second text's tokens. */
export const hasTypes = ({ model }: SentenceEncoder): boolean =>
  model.tables.some(({ path, rows }) => path.endsWith("token_type_embeddings") && rows > 1);
