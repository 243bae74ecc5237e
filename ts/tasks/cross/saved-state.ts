import type { HeadPlan } from "../../models/architecture.js";
import type { SavedEncoder } from "../../models/sentence/saving/folder-files.js";
import type { Tensor } from "../../values/tensor.js";
import type { AnswerSettings } from "./answers/answer-head.js";
import type { CrossActivation } from "./cross-options.js";

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

/** The saved state of a language model that answers. */
export interface SavedAnswers extends SavedEncoder {
  readonly activation: CrossActivation;
  readonly answers: AnswerSettings;
  /** Prefix of module paths in the language model. */
  readonly prefix: string;
}
