import { checkOptions } from "../../arguments/options.js";
import { takeSavedBase } from "../../models/sentence/saved-encoder.js";
import type { SentenceEncoder } from "../../models/sentence/sentence-encoder.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";
import type { CrossParts } from "./cross-head.js";
import type { SaveCrossEncoderOptions } from "./cross-options.js";
import type { SavedAnswers, SavedCross } from "./saved-state.js";

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
