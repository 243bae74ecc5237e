import { ModelError } from "../../../errors/errors.js";
import { type ConfigJson, flag, positive, refuse, whole } from "../../config-values.js";
import type { DecoderConfig, ExpertsShape } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderLayerNames, DecoderNames } from "../names.js";
import { expertNames, expertsShape, withExperts } from "../experts.js";
import { llamaLike, llamaNames, queryKeyValue, typesOf } from "./llama-like.js";

/** LFM2 (arXiv 2511.23404): most layers have a gated short convolution in place of attention. */
export const lfm2: DecoderArchitecture = (json) => {
  const { config, attends } = lfm2Like({ ...json, intermediate_size: innerWidth(json) });
  return decoder(config, namesOf(attends), queryKeyValue);
};

/** LFM2's mixtures of experts, in all layers but the first ones. */
export const lfm2Moe: DecoderArchitecture = (json) => {
  const { config, attends } = lfm2Like({ intermediate_size: 7168, num_hidden_layers: 32, ...json });
  const keys = {
    count: ["num_experts", 32],
    chosen: ["num_experts_per_tok", 4],
    width: ["moe_intermediate_size", 1792],
  } as const;
  const shape: ExpertsShape = {
    ...expertsShape(json, keys, config.layers),
    weights: "sigmoid",
    normed: flag(json, "norm_topk_prob", true),
    factor: positive(json, "routed_scaling_factor", 1),
    bias: flag(json, "use_expert_bias", true),
  };
  const dense = whole(json, "num_dense_layers", 0, 2);
  return decoder(
    withExperts(config, shape, (i) => i >= dense),
    namesOf(attends),
    queryKeyValue,
  );
};

function lfm2Like(json: ConfigJson) {
  refuse(json, "conv_bias");
  const config = llamaLike(
    {
      max_position_embeddings: 128_000,
      num_key_value_heads: 8,
      ...json,
      rms_norm_eps: json["norm_eps"],
      hidden_act: "silu",
      tie_word_embeddings: json["tie_embedding"] ?? json["tie_word_embeddings"],
    },
    { tied: true, theta: 1_000_000, eps: 1e-5 },
  );
  const attends = attendingLayers(json, config.layers);
  const convolution = whole(json, "conv_L_cache", 1, 3);
  const mixed: DecoderConfig = {
    ...config,
    attention: (i) => (attends(i) ? config.attention(i) : { rotary: null, window: null, convolution }),
  };
  return { config: mixed, attends };
}

/** Width of the inner layer: by default two thirds of what the file says, rounded up to a multiple. */
function innerWidth(json: ConfigJson): number {
  const key =
    json["block_ff_dim"] === undefined || json["block_ff_dim"] === null ? "intermediate_size" : "block_ff_dim";
  const given = whole(json, key, 1, 12_288);
  if (!flag(json, "block_auto_adjust_ff_dim", true)) return given;
  const width = Math.floor((2 * given) / 3);
  if (json["block_ffn_dim_multiplier"] === null) return width;
  const multiple = whole(json, "block_multiple_of", 1, 256);
  return multiple * Math.ceil(Math.floor(positive(json, "block_ffn_dim_multiplier", 1) * width) / multiple);
}

/** Which layers have attention: by `layer_types`, or the list `full_attn_idxs`, or all. */
function attendingLayers(json: ConfigJson, layers: number): (i: number) => boolean {
  const types = typesOf(json, layers, ["full_attention", "conv"]);
  if (types !== null) return (i) => types[i] === "full_attention";
  const places = json["full_attn_idxs"];
  if (places === undefined || places === null) return () => true;
  if (!Array.isArray(places) || !places.every((place) => Number.isSafeInteger(place)))
    throw new ModelError("config.json: full_attn_idxs is a list of the numbers of layers", { key: "full_attn_idxs" });
  const attending = new Set(places as number[]);
  return (i) => attending.has(i);
}

/** The layer after attention and that after a convolution have the same name in different modules. */
function namesOf(attends: (i: number) => boolean): DecoderNames {
  const names = llamaNames(layerNames);
  return {
    ...names,
    finalNorm: "model.embedding_norm",
    layer: (i) => ({
      ...names.layer(i),
      attentionOutput: { paths: [`model.layers.${i}.${attends(i) ? "self_attn" : "conv"}.out_proj`] },
    }),
  };
}

const layerNames = (path: string): Partial<DecoderLayerNames> => ({
  convolutionInput: { paths: [`${path}.conv.in_proj`] },
  convolutionKernel: `${path}.conv.conv.weight`,
  inner: { paths: [`${path}.feed_forward.w1`, `${path}.feed_forward.w3`] },
  output: { paths: [`${path}.feed_forward.w2`] },
  experts: { ...expertNames(`${path}.feed_forward`, ["w1", "w3", "w2"]), bias: "expert_bias" },
  attentionNorm: `${path}.operator_norm`,
  innerNorm: `${path}.ffn_norm`,
  queryNorm: `${path}.self_attn.q_layernorm`,
  keyNorm: `${path}.self_attn.k_layernorm`,
});
