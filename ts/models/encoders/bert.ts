import { type Architecture, poolerHead, twoLayerHead } from "../architecture.js";
import { afterPadding, bertLikeConfig, bertNames, type EncoderConfig, postNormEncoder } from "./post-norm.js";
import { type ConfigJson, whole } from "../config-values.js";

/** BERT (arXiv 1810.04805), and what was distilled from it under its name, as MiniLM and BGE. */
export const bert: Architecture = (json) => postNormEncoder(bertLikeConfig(json), bertNames, poolerHead("bert."));

/** RoBERTa (arXiv 1907.11692), XLM-R and CamemBERT: BERT whose positions begin after the padding token's own row. */
export const roberta: Architecture = (json) =>
  postNormEncoder(robertaConfig(json), bertNames, twoLayerHead("roberta."));

function robertaConfig(json: ConfigJson): EncoderConfig {
  return afterPadding(bertLikeConfig(json), whole(json, "pad_token_id", 0, 1));
}
