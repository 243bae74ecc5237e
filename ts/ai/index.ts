export { createLowrank, lowrank } from "./provider.js";
export type { LowrankProvider } from "./provider.js";
export type { ProvidedEncoder, ProvidedLanguageModel, ProvidedReranker } from "./provided-models.js";
export type { EmbeddingSettings, LanguageSettings, RerankingSettings } from "./model-settings.js";
export type { BatchOptions } from "../serve/batch-limits.js";
