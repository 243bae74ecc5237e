import type { AdapterSet } from "../../adapters/adapter-set.js";
import { UnsupportedError } from "../../errors/errors.js";
import type { Graph } from "../../graph/graph.js";
import type { LanguageModelParts } from "./load-language-model.js";

/**
 * Throws `UnsupportedError` if a model is on a GPU, for a call that cannot run there.
 *
 * @param what the call
 * @param missing what does not run there, in words: "a cache in 16 bits does"
 */
export function refuseOnGpu(what: string, { engine }: Graph, missing: string): void {
  if (!engine.readsLater) return;
  throw new UnsupportedError(`${what}: ${missing} not run on device "webgpu" yet; use an engine with device "wasm"`, {
    op: what,
    option: "engine",
    missing,
  });
}

/** What is needed to tokenize a prompt. */
export type PromptReader = Pick<
  LanguageModelParts,
  "chatTemplate" | "ends" | "graph" | "model" | "name" | "tokenizer"
> & {
  /** Maximum length of a text in tokens. */
  readonly maxTokens: number;
};

/** What the calls of a language model need of it. */
export interface CalledLanguageModel extends PromptReader, Pick<LanguageModelParts, "cacheFormat"> {
  readonly adapterSet: AdapterSet;
}
