import type { EmbeddingModelV3, EmbeddingModelV3CallOptions, EmbeddingModelV3Result } from "@ai-sdk/provider";
import { type EmbeddingSettings, ownOptions, takeEmbeddingSettings } from "./model-settings.js";
import type { ProvidedEncoder } from "./provided-models.js";

/** A sentence encoder as the AI SDK calls it. */
export class LowrankEmbeddingModel implements EmbeddingModelV3 {
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
