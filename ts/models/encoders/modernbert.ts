import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { activationNames, type ConfigJson, epsilon, flag, positive, refuse, whole, word } from "../config-values.js";
import { type Architecture, beforeHead, type HeadPlan } from "../architecture.js";
import { headsOf, type LayerAttention, type RotaryConfig, rotaryEncoder, type RotaryNames, thetaOf } from "./rotary.js";

/** ModernBERT (arXiv 2412.13663): norms before, a gated inner layer, and attention that is local in most layers. */
export const modernbert: Architecture = (json) => {
  const config = modernbertConfig(json);
  return rotaryEncoder(config, names, ["Wqkv"], headOf(json, config));
};

function headOf(json: ConfigJson, { normBias: hasBias, layerNormEps: eps }: RotaryConfig): HeadPlan {
  return beforeHead("model.", "head.dense", {
    pooling: word(json, "classifier_pooling", ["cls", "mean"] as const),
    denseBias: flag(json, "classifier_bias", false),
    activation: word(json, "classifier_activation", activationNames),
    norm: { path: "head.norm", hasBias, eps },
  });
}

const names: RotaryNames = {
  words: "embeddings.tok_embeddings",
  types: "",
  embeddingNorm: "embeddings.norm",
  finalNorm: "final_norm",
  layer: (i) => ({
    queryKeyValue: { paths: [`layers.${i}.attn.Wqkv`] },
    attentionOutput: { paths: [`layers.${i}.attn.Wo`] },
    gated: { paths: [`layers.${i}.mlp.Wi`] },
    output: { paths: [`layers.${i}.mlp.Wo`] },
    // The first layer's input is what the embeddings' norm gave.
    attentionNorm: i === 0 ? null : `layers.${i}.attn_norm`,
    outputNorm: `layers.${i}.mlp_norm`,
  }),
};

function modernbertConfig(json: ConfigJson): RotaryConfig {
  const hiddenSize = whole(json, "hidden_size");
  refuse(json, "rope_scaling");
  const layers = whole(json, "num_hidden_layers");
  return {
    hiddenSize,
    layers,
    heads: headsOf(hiddenSize, whole(json, "num_attention_heads")),
    intermediateSize: whole(json, "intermediate_size"),
    vocabularySize: whole(json, "vocab_size"),
    maxPositions: whole(json, "max_position_embeddings", 2, 8192),
    typeVocabularySize: 0,
    preNorm: true,
    attentionBias: flag(json, "attention_bias", false),
    mlpBias: flag(json, "mlp_bias", false),
    normBias: flag(json, "norm_bias", false),
    layerNormEps: epsilon(json, "norm_eps", 1e-5),
    activation: word(json, "hidden_activation", activationNames),
    attention: attentionOf(json, layers),
  };
}

const kinds = ["full_attention", "sliding_attention"] as const;

/** Which layers see everything, and which a window, with the rotation of each kind. */
function attentionOf(json: ConfigJson, layers: number): (i: number) => LayerAttention {
  const rope = json["rope_parameters"] ?? {};
  if (typeof rope !== "object" || Array.isArray(rope))
    throw new ModelError(`config.json: rope_parameters must be an object, got ${excerpt(rope)}`, {
      key: "rope_parameters",
    });
  const other = Object.keys(rope).find((key) => !kinds.some((kind) => kind === key));
  if (other !== undefined)
    throw new UnsupportedError(
      `config.json: rope_parameters: ${excerpt(other)} is not supported; ${kinds.join(" and ")} are`,
      { key: "rope_parameters", value: other },
    );
  const [far, near] = kinds.map((kind) => (rope as ConfigJson)[kind]);
  const everywhere: LayerAttention = {
    theta: thetaOf(far, "rope_parameters.full_attention", positive(json, "global_rope_theta", 160_000)),
    window: null,
  };
  const nearby: LayerAttention = {
    theta: thetaOf(near, "rope_parameters.sliding_attention", positive(json, "local_rope_theta", 10_000)),
    // transformers lets the half that it calls by another name take the whole's place.
    window: whole(json, "sliding_window", 0, Math.floor(whole(json, "local_attention", 1, 128) / 2)),
  };
  const types = json["layer_types"] ?? null;
  if (types === null) {
    const every = whole(json, "global_attn_every_n_layers", 1, 3);
    return (i) => (i % every === 0 ? everywhere : nearby);
  }
  if (!Array.isArray(types) || types.length !== layers)
    throw new ModelError(
      `config.json: layer_types must be a list with one of ${kinds.join(", ")} for each of the ${layers} layers, got ${excerpt(types)}`,
      { key: "layer_types", value: types },
    );
  const local = types.map((_, i) => word(types as unknown as ConfigJson, String(i), kinds) === "sliding_attention");
  return (i) => (local[i] === true ? nearby : everywhere);
}
