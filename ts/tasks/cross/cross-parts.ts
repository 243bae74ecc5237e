import type { ModelAdapter } from "../../adapters/model-adapter.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import type { AnswerHead } from "./answers/answer-head.js";
import type { CrossHead } from "./cross-head.js";
import type { CrossActivation } from "./cross-options.js";

/** The parts of a cross-encoder. */
export interface CrossParts {
  readonly encoder: SentenceEncoder;
  readonly head: CrossHead | AnswerHead;
  /** Names of the logits. */
  readonly labels: readonly string[];
  /** Null if only the head is trained. */
  readonly modelAdapter: ModelAdapter | null;
  readonly activation: CrossActivation;
  readonly ownsEncoder: boolean;
}
