import type { RerankingModelV3, RerankingModelV3CallOptions } from "@ai-sdk/provider";
import { ownOptions, type RerankingSettings, takeRerankingSettings } from "./model-settings.js";
import type { ProvidedReranker } from "./provided-models.js";

type Ranking = Awaited<ReturnType<RerankingModelV3["doRerank"]>>;

/** A cross-encoder as the AI SDK calls it. */
export class LowrankRerankingModel implements RerankingModelV3 {
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
