import { UnsupportedError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { activationNames, type ConfigJson, epsilon, positive, refuse, whole, word } from "../config-values.js";
import { type Architecture, poolerHead } from "../architecture.js";
import { headsOf, type RotaryConfig, rotaryEncoder, type RotaryNames, thetaOf } from "./rotary.js";

/** NomicBERT (arXiv 2402.01613): BERT with rotation in place of positions, a gated inner layer and no biases but the norms'. */
export const nomicBert: Architecture = (json) =>
  rotaryEncoder(nomicBertConfig(json), names, ["q_proj", "k_proj", "v_proj"], poolerHead("nomic_bert."));

/** Modules have transformers' names, as in PEFT's files; tensors those of the model's own code, under which either saves them. */
const names: RotaryNames = {
  words: "embeddings.word_embeddings",
  types: "embeddings.token_type_embeddings",
  embeddingNorm: "emb_ln",
  finalNorm: null,
  normPath: (name) =>
    name
      .replace("emb_ln", "embeddings.LayerNorm")
      .replace("encoder.", "")
      .replace("norm1", "post_attention_layernorm")
      .replace("norm2", "post_mlp_layernorm"),
  layer: (i) => {
    const [module, tensor] = [`layers.${i}`, `encoder.layers.${i}`];
    return {
      queryKeyValue: {
        paths: ["q_proj", "k_proj", "v_proj"].map((name) => `${module}.self_attn.${name}`),
        tensors: [`${tensor}.attn.Wqkv`],
      },
      attentionOutput: { paths: [`${module}.self_attn.o_proj`], tensors: [`${tensor}.attn.out_proj`] },
      gated: {
        paths: [`${module}.mlp.gate_proj`, `${module}.mlp.up_proj`],
        tensors: [`${tensor}.mlp.fc12`, `${tensor}.mlp.fc11`],
      },
      output: { paths: [`${module}.mlp.down_proj`], tensors: [`${tensor}.mlp.fc2`] },
      attentionNorm: `${tensor}.norm1`,
      outputNorm: `${tensor}.norm2`,
    };
  },
};

/** Switches of the model's own code, and the one value of each that transformers' model computes. */
const fixed: Readonly<Record<string, unknown>> = {
  prenorm: false,
  qkv_proj_bias: false,
  mlp_fc1_bias: false,
  mlp_fc2_bias: false,
  use_rms_norm: false,
  rotary_emb_fraction: 1,
  rotary_emb_interleaved: false,
  rotary_scaling_factor: null,
  causal: false,
  parallel_block: false,
};

/** config.json as transformers writes it, or as the model's own code does. */
function nomicBertConfig(json: ConfigJson): RotaryConfig {
  for (const [key, value] of Object.entries(fixed))
    if ((json[key] ?? value) !== value)
      throw new UnsupportedError(`config.json: ${key} ${excerpt(json[key])} is not supported; ${excerpt(value)} is`, {
        key,
        value: json[key],
      });
  refuse(json, "rope_scaling");
  const own = json["n_embd"] !== undefined;
  if (own) word(json, "activation_function", ["swiglu"]);
  const key = (transformers: string, its: string) => (own ? its : transformers);
  const hiddenSize = whole(json, key("hidden_size", "n_embd"));
  const heads = headsOf(hiddenSize, whole(json, key("num_attention_heads", "n_head")));
  if ((json["head_dim"] ?? hiddenSize / heads) !== hiddenSize / heads)
    throw new UnsupportedError(
      `config.json: head_dim ${excerpt(json["head_dim"])}; only hidden_size / num_attention_heads, ${hiddenSize / heads}, is supported`,
      { key: "head_dim", value: json["head_dim"] },
    );
  const theta = thetaOf(
    json["rope_parameters"],
    "rope_parameters",
    own ? Number(json["rotary_emb_base"] ?? 10_000) : positive(json, "rope_theta", 1000),
  );
  return {
    hiddenSize,
    heads,
    layers: whole(json, key("num_hidden_layers", "n_layer")),
    intermediateSize: whole(json, key("intermediate_size", "n_inner")),
    vocabularySize: whole(json, "vocab_size"),
    maxPositions: whole(json, key("max_position_embeddings", "n_positions"), 2),
    typeVocabularySize: whole(json, "type_vocab_size", 1, 2),
    preNorm: false,
    attentionBias: false,
    mlpBias: false,
    normBias: true,
    layerNormEps: epsilon(json, key("layer_norm_eps", "layer_norm_epsilon")),
    activation: own ? "silu" : word(json, "hidden_act", ["silu", ...activationNames]),
    attention: () => ({ theta, window: null }),
  };
}
