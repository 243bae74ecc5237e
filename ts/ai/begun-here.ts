import { ContinuousBatch } from "../models/language/batch/continuous-batch.js";
import type { CausalLanguageModel } from "../models/language/causal-language-model.js";
import { takeRequest } from "../models/language/prompts.js";
import type { Batches } from "./batches.js";
import type { BegunText } from "./begun-text.js";
import type { ModelCall } from "./model-call.js";

/** Begins a text in the batch that all calls of its model share. Throws as `generate` does. */
export function begunHere(
  what: string,
  model: CausalLanguageModel,
  { messages, options }: ModelCall,
  batches: Batches,
): BegunText {
  const request = takeRequest(model, what, messages, options);
  const batch = batches.of(what, model, (limits) => new ContinuousBatch(model, limits));
  batch.forgetRemoved();
  const text = batch.add(request);
  return {
    promptTokens: request.prompt.length,
    get reused() {
      return text.reused;
    },
    next: () => text.next(),
    end: () => text.end(),
  };
}
