import { type ConfigJson, flag, positive, whole } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { isGiven, llamaLike, llamaNames, queryKeyValue, withWindows, windowsOf } from "./llama-like.js";

/** Llama 1 to 3.2 (arXiv 2302.13971, 2407.21783), and models of the same shape: SmolLM2, TinyLlama. */
export const llama: DecoderArchitecture = (json) => {
  const attention = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: attention, attentionOutput: attention, inner: flag(json, "mlp_bias", false) };
  return decoder({ ...llamaLike(json), biases }, llamaNames(), queryKeyValue);
};

/** Mistral 7B (arXiv 2310.06825), Ministral 8B: Llama with a window in all layers, or in those that the file names. */
export const mistral: DecoderArchitecture = (given) => {
  const json = { num_key_value_heads: 8, sliding_window: 4096, ...given };
  const config = llamaLike(json);
  const attention = withWindows(
    config,
    windowsOf(json, config.layers, () => true),
  );
  return decoder({ ...config, attention }, llamaNames(), queryKeyValue);
};

/** The rotation of files that do not say theirs. */
const usualYarn = {
  rope_type: "yarn",
  rope_theta: 1_000_000,
  factor: 16,
  original_max_position_embeddings: 16_384,
  beta_fast: 32,
  beta_slow: 1,
  mscale: 1,
  mscale_all_dim: 1,
  llama_4_scaling_beta: 0.1,
};

/** Ministral 3: Mistral whose queries grow with their positions, beyond the length of the first training. */
export const ministral3: DecoderArchitecture = (given) => {
  const json: ConfigJson = { num_key_value_heads: 8, head_dim: 128, max_position_embeddings: 262_144, ...given };
  const parameters = ministral3Rotation(json);
  const config = llamaLike({ ...json, rope_scaling: null, rope_parameters: parameters }, { eps: 1e-5 });
  // All layers are alike: transformers reads no layer_types here.
  const windows = windowsOf({ ...json, layer_types: null }, config.layers, () => true);
  const attention = withWindows(config, windows);
  return decoder({ ...config, attention, queryGrowth: growthOf(parameters) }, llamaNames(), queryKeyValue);
};

/** The parameters of its rotation, and of its queries' growth. */
export const ministral3Rotation = (json: ConfigJson): unknown =>
  [json["rope_scaling"], json["rope_parameters"]].find(isGiven) ?? usualYarn;

function growthOf(parameters: unknown): DecoderConfig["queryGrowth"] {
  const json = Object(parameters) as ConfigJson;
  const beta = json["llama_4_scaling_beta"];
  if (beta === undefined || beta === null || beta === 0) return null;
  return {
    beta: positive(json, "llama_4_scaling_beta", 1),
    length: whole(json, "original_max_position_embeddings"),
  };
}
