import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type ConfigJson, flag, positive, whole } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderLayerNames } from "../names.js";
import { expertNames, expertsShape, withExperts } from "../experts.js";
import { llamaLike, llamaNames, queryKeyValue, typesOf } from "./llama-like.js";

/** Llama with factors of embeddings, scores, residuals and logits (maximal update parametrisation, arXiv 2203.03466). */
function graniteLike(json: ConfigJson): DecoderConfig {
  const attention = flag(json, "attention_bias", false);
  return {
    ...llamaLike(json),
    biases: { queryKeyValue: attention, attentionOutput: attention, inner: flag(json, "mlp_bias", false) },
    scale: positive(json, "attention_multiplier", 1),
    embeddingScale: positive(json, "embedding_multiplier", 1),
    residualScale: positive(json, "residual_multiplier", 1),
    logitScale: 1 / positive(json, "logits_scaling", 1),
  };
}

/** Granite 3. */
export const granite: DecoderArchitecture = (json) => decoder(graniteLike(json), llamaNames(), queryKeyValue);

/** Granite 3's mixtures of experts (1B-A400M, 3B-A800M); `shared` is the width of an inner layer that all tokens go through besides. */
function graniteExperts(config: DecoderConfig, json: ConfigJson, shared = 0): DecoderConfig {
  const keys = {
    count: ["num_local_experts", 8],
    chosen: ["num_experts_per_tok", 2],
    width: ["intermediate_size"],
  } as const;
  const shape = expertsShape(json, keys, config.layers);
  return withExperts(config, { ...shape, sharedWidth: shared });
}

/** Granite 3's mixtures of experts. */
export const graniteMoe: DecoderArchitecture = (json) =>
  decoder(graniteExperts(graniteLike(json), json), llamaNames(expertLayer), queryKeyValue);

/** Granite's experts with an inner layer that all tokens go through besides. */
export const graniteMoeShared: DecoderArchitecture = (json) => {
  const shared = whole(json, "shared_intermediate_size", 0, 0);
  return decoder(graniteExperts(graniteLike(json), json, shared), llamaNames(hybridNames), queryKeyValue);
};

/** Granite 4's models without state-space layers, dense or with experts: Granite 3's shape by other names. */
export const graniteHybrid: DecoderArchitecture = (json) => {
  const shared = whole(json, "shared_intermediate_size", 1, 1024);
  const dense = graniteLike({ ...json, intermediate_size: shared });
  const hasExperts = whole(json, "num_local_experts", 0, 8) > 0;
  const config = hasExperts ? graniteExperts(dense, json, shared) : dense;
  const types = typesOf(json, config.layers, ["full_attention", "attention"]);
  if (types === null)
    throw new UnsupportedError(
      `config.json: layer_types ${excerpt(json["layer_types"])}: all layers have state spaces then, which are not supported`,
      { key: "layer_types" },
    );
  const isRotary = json["position_embedding_type"] === "rope";
  return decoder(
    isRotary ? config : { ...config, attention: () => ({ rotary: null, window: null }) },
    llamaNames(hybridNames),
    queryKeyValue,
  );
};

const expertLayer = (path: string): Partial<DecoderLayerNames> => ({
  experts: {
    ...expertNames(`${path}.block_sparse_moe`),
    router: ["router.layer.weight", "router.weight"],
    input: ["input_linear.weight", "experts.gate_up_proj"],
    output: ["output_linear.weight", "experts.down_proj"],
  },
});

const hybridNames = (path: string): Partial<DecoderLayerNames> => ({
  ...expertLayer(path),
  inner: { paths: [`${path}.shared_mlp.input_linear`] },
  output: { paths: [`${path}.shared_mlp.output_linear`] },
});
