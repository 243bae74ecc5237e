// The methods of `CausalLanguageModel`, in a chunk that is fetched when a model is loaded.
export { estimateLanguageMemory } from "./estimate.js";
export {
  adapterSetOf,
  chat,
  generate,
  generateBatch,
  generateOne,
  logits,
  perplexity,
  score,
} from "./language-calls.js";
export { GenerationSession } from "./generation-session.js";
export { loadLanguageModel } from "./load-language-model.js";
export { chatText } from "./prompts.js";
export { evaluateLanguage, fitLanguage } from "./training/fit-language.js";
export { fitPreferences } from "./training/preferences.js";
