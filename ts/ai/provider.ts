import type {
  EmbeddingModelV3,
  LanguageModelV3,
  ProviderV3,
  RerankingModelV3,
  RerankingModelV3CallOptions,
  EmbeddingModelV3CallOptions,
  EmbeddingModelV3Result,
} from "@ai-sdk/provider";
import { isRecord, text, unexpected } from "../arguments/settings.js";
import { readOptions } from "../arguments/options.js";
import { batchLimits, type BatchOptions, batchReaders } from "../serve/batch-limits.js";
import { Batches } from "./batches.js";
import { isHere, LowrankLanguageModel } from "./language-model.js";
import {
  type EmbeddingSettings,
  type LanguageSettings,
  type RerankingSettings,
  takeEmbeddingSettings,
  takeLanguageSettings,
  takeRerankingSettings,
  ownOptions,
} from "./model-settings.js";
import {
  isEncoder,
  isLanguageModel,
  isReranker,
  noSuchModel,
  type ProvidedEncoder,
  type ProvidedLanguageModel,
  type ProvidedReranker,
} from "./provided-models.js";

/** A sentence encoder as the AI SDK calls it. */
class LowrankEmbeddingModel implements EmbeddingModelV3 {
  readonly specificationVersion = "v3";
  readonly provider = "lowrank";
  /** The encoder makes batches itself. */
  readonly maxEmbeddingsPerCall = Infinity;
  readonly supportsParallelCalls = true;

  constructor(
    readonly modelId: string,
    private readonly encoder: ProvidedEncoder,
    private readonly settings: EmbeddingSettings,
  ) {}

  async doEmbed(given: EmbeddingModelV3CallOptions): Promise<EmbeddingModelV3Result> {
    const { encoder, settings } = this;
    const own = takeEmbeddingSettings("doEmbed", ownOptions("doEmbed", given.providerOptions));
    const values = given.values.slice();
    const options = { normalize: true, ...settings, ...own, signal: given.abortSignal };
    const tokenized = async () => encoder.tokenize(values);
    const [rows, ids] = await Promise.all([encoder.encode(values, options), tokenized()]);
    const tokens = ids.reduce((sum, { length }) => sum + length, 0);
    return { embeddings: rows.map((row) => [...row]), usage: { tokens }, warnings: [] };
  }
}

type Ranking = Awaited<ReturnType<RerankingModelV3["doRerank"]>>;

/** A cross-encoder as the AI SDK calls it. */
class LowrankRerankingModel implements RerankingModelV3 {
  readonly specificationVersion = "v3";
  readonly provider = "lowrank";

  constructor(
    readonly modelId: string,
    private readonly reranker: ProvidedReranker,
    private readonly settings: RerankingSettings,
  ) {}

  async doRerank({ documents, query, topN, ...given }: RerankingModelV3CallOptions): Promise<Ranking> {
    const own = takeRerankingSettings("doRerank", ownOptions("doRerank", given.providerOptions));
    // An object is read as its JSON.
    const texts = documents.type === "text" ? documents.values.slice() : documents.values.map(asJson);
    const options = { ...this.settings, ...own, topK: topN, signal: given.abortSignal };
    const ranked = await this.reranker.rank(query, texts, options);
    return { ranking: ranked.map(({ index, score }) => ({ index, relevanceScore: score })), warnings: [] };
  }
}

const asJson = (value: unknown) => JSON.stringify(value);

/** A model that a provider has. */
type ProvidedModel = ProvidedLanguageModel | ProvidedEncoder | ProvidedReranker;

/** Models by their names, for the AI SDK. */
export interface LowrankProvider extends ProviderV3 {
  /** Returns a language model, as the method `languageModel` does. */
  (name: string, settings?: LanguageSettings): LanguageModelV3;
  /** A language model. Throws `ConfigError`, which is a `NoSuchModelError` too, if there is none of this name. */
  languageModel(name: string, settings?: LanguageSettings): LanguageModelV3;
  /** A sentence encoder. Throws as `languageModel` does. */
  embeddingModel(name: string, settings?: EmbeddingSettings): EmbeddingModelV3;
  /** A cross-encoder. Throws as `languageModel` does. */
  rerankingModel(name: string, settings?: RerankingSettings): RerankingModelV3;
  /** Throws as `languageModel` does: there is no image model. */
  imageModel(name: string): never;
  /** Ends running answers of models of this thread, and frees what was kept of earlier ones. Models stay the caller's. Safe to call twice. */
  dispose(): void;
}

const EXPECTED = "a CausalLanguageModel, SentenceEncoder or CrossEncoder";

/** Batches of `lowrank`: those of a model go with it. */
let shared: Batches | null = null;

/**
 * A model for the functions of the AI SDK: a language model for `generateText` and `streamText`, a sentence encoder for `embed` and
 * `embedMany`, a cross-encoder for `rerank`. It runs in this thread, or in its worker if it is of `lowrank/worker`; nothing is sent to a server.
 *
 * Calls of a language model of this thread are computed together, each with its own adapter and settings. Tokens are those of
 * `generateTokens` with the same options. Keys and values of ended answers, up to 64 MiB, stay in the model's memory for prompts that begin
 * alike, until its `dispose`.
 *
 * @param settings options of `generate`, `encode` or `rank` for all calls; `providerOptions.lowrank` has those of one call
 * Throws `ConfigError` for anything but such a model, and for unknown settings.
 *
 * @example
 * const { text } = await generateText({ model: lowrank(model, { adapter: "mine" }), prompt: "Hello!" });
 */
export function lowrank(model: ProvidedLanguageModel, settings?: LanguageSettings): LanguageModelV3;
export function lowrank(model: ProvidedEncoder, settings?: EmbeddingSettings): EmbeddingModelV3;
export function lowrank(model: ProvidedReranker, settings?: RerankingSettings): RerankingModelV3;
export function lowrank(
  model: ProvidedModel,
  settings: LanguageSettings & EmbeddingSettings & RerankingSettings = {},
): LanguageModelV3 | EmbeddingModelV3 | RerankingModelV3 {
  const what = "lowrank";
  shared ??= new Batches(batchLimits(readOptions(what, {}, batchReaders)));
  if (isLanguageModel(model))
    return new LowrankLanguageModel(model.name, model, takeLanguageSettings(what, settings), shared);
  if (isEncoder(model)) return new LowrankEmbeddingModel(model.name, model, takeEmbeddingSettings(what, settings));
  if (isReranker(model))
    return new LowrankRerankingModel(model.encoder.name, model, takeRerankingSettings(what, settings));
  throw unexpected(what, "the model", EXPECTED, model);
}

/**
 * A provider for the AI SDK: models by their names, as `createProviderRegistry` takes it.
 *
 * Throws `ConfigError` for invalid models or options.
 *
 * @example
 * const provider = createLowrank({ chat: model, search: encoder });
 * const { text } = await generateText({ model: provider("chat"), prompt: "Hello!" });
 */
export function createLowrank(
  models: Readonly<Record<string, ProvidedModel>>,
  options: BatchOptions = {},
): LowrankProvider {
  const batches = new Batches(batchLimits(readOptions(WHAT, options, batchReaders)));
  if (!isRecord(models)) throw unexpected(WHAT, "models", `an object, by name ${EXPECTED}`, models);
  const [chats, encoders] = [new Map<string, ProvidedLanguageModel>(), new Map<string, ProvidedEncoder>()];
  const rerankers = new Map<string, ProvidedReranker>();
  for (const [name, model] of Object.entries(models))
    if (isLanguageModel(model)) chats.set(name, model);
    else if (isEncoder(model)) encoders.set(name, model);
    else if (isReranker(model)) rerankers.set(name, model);
    else throw unexpected(WHAT, `models.${name}`, EXPECTED, model);
  const languageModel = (name: string, settings: LanguageSettings = {}) =>
    new LowrankLanguageModel(name, named(chats, name, "languageModel"), takeLanguageSettings(WHAT, settings), batches);
  const embeddingModel = (name: string, settings: EmbeddingSettings = {}) =>
    new LowrankEmbeddingModel(name, named(encoders, name, "embeddingModel"), takeEmbeddingSettings(WHAT, settings));
  const rerankingModel = (name: string, settings: RerankingSettings = {}) =>
    new LowrankRerankingModel(name, named(rerankers, name, "rerankingModel"), takeRerankingSettings(WHAT, settings));
  const provider = (name: string, settings?: LanguageSettings) => languageModel(name, settings);
  return Object.assign(provider, {
    specificationVersion: "v3" as const,
    languageModel,
    embeddingModel,
    rerankingModel,
    imageModel: (name: string): never => {
      throw noSuchModel(name, "imageModel", []);
    },
    dispose: () => batches.dispose([...chats.values()].filter(isHere)),
  });
}

const WHAT = "createLowrank";

function named<T>(models: ReadonlyMap<string, T>, name: string, type: string): T {
  const model = models.get(text(WHAT, "name", name));
  if (model === undefined) throw noSuchModel(name, type, [...models.keys()]);
  return model;
}
