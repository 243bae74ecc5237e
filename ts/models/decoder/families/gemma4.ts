import { UnsupportedError } from "../../../errors/errors.js";
import { type ConfigJson, flag, refuse, whole, word } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderNames } from "../names.js";
import { textConfig } from "../text-config.js";
import { capOf, normsAround } from "./gemma3.js";
import { layersOf } from "./gemma4-layers.js";
import { activationOf, llamaLike, llamaNames, queryKeyNorms, queryKeyValue } from "./llama-like.js";

/** Sizes of transformers' configuration that files leave out. */
const fallbacks = {
  vocab_size: 262_144,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 30,
  head_dim: 256,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  max_position_embeddings: 131_072,
  sliding_window: 512,
  hidden_size_per_layer_input: 256,
  vocab_size_per_layer_input: 262_144,
};

/**
 * Gemma 4's language model: layers get a vector of their own of each token, the last ones attend to keys and values of earlier ones, heads of
 * layers without a window have another size and turn in part, scores are not scaled. A file with models of pictures and sounds too is read
 * without them; experts are refused.
 */
export const gemma4: DecoderArchitecture = (given) => {
  const json: ConfigJson = { ...fallbacks, ...textConfig(given) };
  refuse(json, "enable_moe_block");
  const isBoth = word(json, "use_bidirectional_attention", ["vision", "all"]) === "all";
  const config = llamaLike({ ...json, rope_parameters: null, rope_scaling: null }, { tied: true });
  const { attention, maxPositions } = layersOf(json, config, isBoth);
  const bias = flag(json, "attention_bias", false);
  return decoder(
    {
      ...config,
      maxPositions,
      attention,
      causal: config.causal && !isBoth,
      activation: activationOf(json, "hidden_activation", "gelu_pytorch_tanh"),
      biases: { queryKeyValue: bias, attentionOutput: bias, inner: false },
      scale: 1,
      embeddingScale: Math.sqrt(config.hiddenSize),
      logitCap: capOf(json, "final_logit_softcapping"),
      valueNorm: true,
      layerScale: true,
      perLayer: vectorsOf(json, config),
    },
    namesOf(attention),
    queryKeyValue,
  );
};

/** The vectors that layers get of each token; null for a model without. */
function vectorsOf(json: ConfigJson, { vocabularySize }: DecoderConfig): DecoderConfig["perLayer"] {
  const key = "hidden_size_per_layer_input";
  const width = whole({ [key]: json[key] ?? 0 }, key, 0);
  if (width === 0) return null;
  const rows = whole(json, "vocab_size_per_layer_input");
  if (rows >= vocabularySize) return { width, rows };
  throw new UnsupportedError(
    `config.json: vocab_size_per_layer_input ${rows}: fewer than the ${vocabularySize} tokens of vocab_size are not supported`,
    { key: "vocab_size_per_layer_input", value: rows },
  );
}

function namesOf(attention: DecoderConfig["attention"]): DecoderNames {
  const names = llamaNames((path) => ({
    ...queryKeyNorms(path),
    ...normsAround(path),
    vectorGate: `${path}.per_layer_input_gate`,
    vectorOutput: `${path}.per_layer_projection`,
    vectorNorm: `${path}.post_per_layer_input_norm`,
    scale: `${path}.layer_scalar`,
  }));
  return {
    ...names,
    perLayer: {
      words: "model.embed_tokens_per_layer",
      projection: "model.per_layer_model_projection",
      norm: "model.per_layer_projection_norm",
    },
    layer(i) {
      const { keysOf, keysAreValues = false } = attention(i);
      const all = names.layer(i);
      const paths = all.queryKeyValue.paths.slice(0, keysOf !== undefined ? 1 : keysAreValues ? 2 : 3);
      return { ...all, queryKeyValue: { paths }, ...(keysOf !== undefined && { keyNorm: null }) };
    },
  };
}
