import { activationNames, type ConfigJson, whole, word } from "../config-values.js";
import { type Architecture, beforeHead } from "../architecture.js";
import { checkHeads, type EncoderConfig, type EncoderNames, postNormEncoder } from "./post-norm.js";

/** DistilBERT (arXiv 1910.01108): BERT without token types, under names of its own. */
export const distilbert: Architecture = (json) =>
  postNormEncoder(distilbertConfig(json), names, beforeHead("distilbert.", "pre_classifier", { activation: "relu" }));

const names: EncoderNames = {
  layer: (i) => `transformer.layer.${i}`,
  query: "attention.q_lin",
  key: "attention.k_lin",
  value: "attention.v_lin",
  attentionOutput: "attention.out_lin",
  attentionNorm: "sa_layer_norm",
  intermediate: "ffn.lin1",
  output: "ffn.lin2",
  outputNorm: "output_layer_norm",
  projection: "embeddings_project",
  pooler: null,
};

function distilbertConfig(json: ConfigJson): EncoderConfig {
  const hiddenSize = whole(json, "dim");
  const layers = whole(json, "n_layers");
  return checkHeads(
    {
      hiddenSize,
      layers,
      heads: whole(json, "n_heads"),
      intermediateSize: whole(json, "hidden_dim"),
      embeddingSize: hiddenSize,
      projected: false,
      ownLayers: layers,
      vocabularySize: whole(json, "vocab_size"),
      maxPositions: whole(json, "max_position_embeddings", 2),
      typeVocabularySize: 0,
      firstPosition: 0,
      paddingIndex: null,
      distanceBuckets: 0,
      // Written into transformers' model, not its configuration.
      layerNormEps: 1e-12,
      activation: word(json, "activation", activationNames),
    },
    ["dim", "n_heads"],
  );
}
