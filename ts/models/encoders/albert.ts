import { ModelError } from "../../errors/errors.js";
import { type Architecture, poolerHead } from "../architecture.js";
import { activationNames, type ConfigJson, whole, word } from "../config-values.js";
import { bertLikeConfig, type EncoderConfig, type EncoderNames, postNormEncoder } from "./post-norm.js";

/** More layers than any model has: they share weights, so that a file does not bound their number. */
const MOST_LAYERS = 1000;

/** ALBERT (arXiv 1909.11942): BERT with narrow embeddings, all of whose layers, or those of a group, share their weights. */
export const albert: Architecture = (json) => {
  const inner = whole(json, "inner_group_num", 1, 1);
  return postNormEncoder(albertConfig(json, inner), namesOf(inner), poolerHead("albert.", "pooler"));
};

const namesOf = (inner: number): EncoderNames => ({
  layer: (i) => `encoder.albert_layer_groups.${Math.floor(i / inner)}.albert_layers.${i % inner}`,
  query: "attention.query",
  key: "attention.key",
  value: "attention.value",
  attentionOutput: "attention.dense",
  attentionNorm: "attention.LayerNorm",
  intermediate: "ffn",
  output: "ffn_output",
  outputNorm: "full_layer_layer_norm",
  projection: "encoder.embedding_hidden_mapping_in",
  pooler: "pooler",
});

function albertConfig(json: ConfigJson, inner: number): EncoderConfig {
  const config = bertLikeConfig({ type_vocab_size: 2, hidden_act: "gelu_new", ...json });
  const groups = whole(json, "num_hidden_groups", 1, 1);
  const { layers } = config;
  if (layers * inner > MOST_LAYERS)
    throw new ModelError(
      `config.json: num_hidden_layers ${layers} times inner_group_num ${inner} is more than the ${MOST_LAYERS} layers that are supported`,
      { key: "num_hidden_layers", value: layers },
    );
  // As transformers divides them: of more groups than layers, some are left out.
  const group = (round: number) => Math.trunc(round / (layers / groups));
  return {
    ...config,
    embeddingSize: whole(json, "embedding_size", 1, 128),
    projected: true,
    layers: layers * inner,
    ownLayers: groups * inner,
    ownLayer: (i) => group(Math.floor(i / inner)) * inner + (i % inner),
    activation: word(json, "hidden_act", ["gelu_new", ...activationNames]),
  };
}
