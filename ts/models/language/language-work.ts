// What `CausalLanguageModel` does, apart from it: fetched when a model is loaded, so that pages without one are spared it.
export { isChat } from "./chat-template.js";
export { estimateLanguageMemory } from "./estimate.js";
export { generateTokens, roomFor } from "./generate.js";
export { readAdapter, takeGenerateOptions } from "./generate-options.js";
export { GenerationSession } from "./generation-session.js";
export { loadLanguageModel } from "./load-language-model.js";
export { logitsOf } from "./logits.js";
export { checkedCompletion, perplexityOf, scoresOf, takePerplexity } from "./scoring.js";
export { ending, single, texts } from "./token-streams.js";
export { evaluateLanguage, fitLanguage } from "./training/fit-language.js";
export { fitPreferences } from "./training/preferences.js";
