import { UnsupportedError } from "../../errors/errors.js";
import { type Architecture, twoLayerHead } from "../architecture.js";
import { type ConfigJson, whole } from "../config-values.js";
import {
  afterPadding,
  bertLikeConfig,
  bertNames,
  DISTANCE_BUCKETS,
  type EncoderConfig,
  type EncoderNames,
  postNormEncoder,
} from "./post-norm.js";

/** MPNet (arXiv 2004.09297): BERT without token types, whose scores also have a bias by distance, one for all layers. */
export const mpnet: Architecture = (json) => postNormEncoder(mpnetConfig(json), names, twoLayerHead("mpnet."));

const names: EncoderNames = {
  ...bertNames,
  query: "attention.attn.q",
  key: "attention.attn.k",
  value: "attention.attn.v",
  attentionOutput: "attention.attn.o",
  attentionNorm: "attention.LayerNorm",
};

/** Written into transformers' model, whatever pad_token_id says. */
const PADDING = 1;

function mpnetConfig(json: ConfigJson): EncoderConfig {
  const buckets = whole(json, "relative_attention_num_buckets", 1, DISTANCE_BUCKETS);
  if (buckets < DISTANCE_BUCKETS)
    throw new UnsupportedError(
      `config.json: relative_attention_num_buckets ${buckets} is not supported; ${DISTANCE_BUCKETS} or more are, of which transformers uses ${DISTANCE_BUCKETS}`,
      { key: "relative_attention_num_buckets", value: buckets },
    );
  const config = bertLikeConfig({ ...json, type_vocab_size: 1 });
  return { ...afterPadding(config, PADDING), typeVocabularySize: 0, distanceBuckets: buckets };
}
