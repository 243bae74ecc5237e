import { type Architecture, twoLayerHead } from "../architecture.js";
import { type ConfigJson, whole } from "../config-values.js";
import { bertLikeConfig, bertNames, type EncoderConfig, postNormEncoder } from "./post-norm.js";

/** ELECTRA's discriminator (arXiv 2003.10555): BERT whose embeddings may be narrower than its hidden states. */
export const electra: Architecture = (json) =>
  postNormEncoder(
    electraConfig(json),
    { ...bertNames, pooler: null },
    {
      ...twoLayerHead("electra."),
      activation: "gelu",
    },
  );

function electraConfig(json: ConfigJson): EncoderConfig {
  const config = bertLikeConfig(json);
  const embeddingSize = whole(json, "embedding_size", 1, 128);
  return { ...config, embeddingSize, projected: embeddingSize !== config.hiddenSize };
}
