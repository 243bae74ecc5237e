import { ModelError } from "../../errors/errors.js";
import type { Architecture } from "../architecture.js";
import { type ConfigJson, whole } from "../config-values.js";
import { bertLikeConfig, type EncoderConfig } from "../post-norm/config.js";
import { bertLayers, postNormEncoder } from "../post-norm/index.js";

/** RoBERTa (arXiv 1907.11692), XLM-R and CamemBERT: BERT whose positions begin after the padding token's own row. */
export const roberta: Architecture = (json) => postNormEncoder(robertaConfig(json), bertLayers);

function robertaConfig(json: ConfigJson): EncoderConfig {
  const paddingIndex = whole(json, "pad_token_id", 0, 1);
  const config = bertLikeConfig(json);
  const firstPosition = paddingIndex + 1;
  const maxPositions = config.maxPositions - firstPosition;
  if (maxPositions >= 2) return { ...config, firstPosition, maxPositions, paddingIndex };
  throw new ModelError(
    `config.json: max_position_embeddings ${config.maxPositions} leaves no two positions after pad_token_id ${paddingIndex}`,
    { key: "max_position_embeddings", value: config.maxPositions },
  );
}
