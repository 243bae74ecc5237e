import { ContinuousBatch } from "../models/language/batch/continuous-batch.js";
import type { CausalLanguageModel } from "../models/language/causal-language-model.js";
import { takeRequest } from "../models/language/prompts.js";
import type { GenerateOptions } from "../models/language/generate-options.js";
import type { Batches } from "./batches.js";
import { begunAlone, type BegunText } from "./begun-text.js";
import type { ModelCall } from "./model-call.js";

/** Begins a text, in the batch that all calls of its model share unless tokens are drafted. Throws as `generate` does. */
export function begunHere(
  what: string,
  model: CausalLanguageModel,
  { messages, options }: ModelCall,
  batches: Batches,
): BegunText {
  const request = takeRequest(model, what, messages, options as GenerateOptions);
  // A batch fills its passes with other texts instead of drafts.
  if (options.assistantModel !== undefined || options.promptLookupNumTokens !== undefined)
    return { ...begunAlone(model, { messages, options }), promptTokens: request.prompt.length };
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
