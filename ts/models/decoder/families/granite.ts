import { UnsupportedError } from "../../../errors/errors.js";
import { excerpt } from "../../../errors/excerpt.js";
import { type ConfigJson, flag, positive, whole } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import type { DecoderLayerNames } from "../names.js";
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

/** Granite 4's dense models: Granite 3's shape by the names of a model with experts and state-space layers, which are refused. */
export const graniteHybrid: DecoderArchitecture = (json) => {
  const experts = whole(json, "num_local_experts", 0, 8);
  if (experts > 0)
    throw new UnsupportedError(`config.json: num_local_experts ${experts} is not supported; 0 is`, {
      key: "num_local_experts",
      value: experts,
    });
  const config = graniteLike({ ...json, intermediate_size: json["shared_intermediate_size"] ?? 1024 });
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

const hybridNames = (path: string): Partial<DecoderLayerNames> => ({
  inner: { paths: [`${path}.shared_mlp.input_linear`] },
  output: { paths: [`${path}.shared_mlp.output_linear`] },
});
