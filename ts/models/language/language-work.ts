// What `CausalLanguageModel` does, apart from it: fetched when a model is loaded, so that pages without one are spared it.
export { estimateLanguageMemory } from "./estimate.js";
export { GenerationSession } from "./generation-session.js";
export { generate, generateBatch, generateOne, logits, perplexity, score } from "./language-calls.js";
export { loadLanguageModel } from "./load-language-model.js";
export { chatText } from "./prompts.js";
export { evaluateLanguage, fitLanguage } from "./training/fit-language.js";
export { fitPreferences } from "./training/preferences.js";
