import type { Architecture } from "../architecture.js";
import { type ConfigJson, whole } from "../config-values.js";
import { bertLikeConfig, type EncoderConfig } from "../post-norm/config.js";
import { twoLayerHead } from "../heads.js";
import { bertNames, postNormEncoder } from "../post-norm/index.js";
import { afterPadding } from "../post-norm/positions.js";

/** RoBERTa (arXiv 1907.11692), XLM-R and CamemBERT: BERT whose positions begin after the padding token's own row. */
export const roberta: Architecture = (json) =>
  postNormEncoder(robertaConfig(json), bertNames, twoLayerHead("roberta."));

function robertaConfig(json: ConfigJson): EncoderConfig {
  return afterPadding(bertLikeConfig(json), whole(json, "pad_token_id", 0, 1));
}
