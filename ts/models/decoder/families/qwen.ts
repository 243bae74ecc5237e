import { ModelError } from "../../../errors/errors.js";
import { type ConfigJson, flag, whole } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { attentionAlone, expertNames, expertsShape, withExperts } from "./experts-config.js";
import { llamaLike, llamaNames, queryKeyNorms, queryKeyValue, withWindows, windowsOf } from "./llama-like.js";

/** Llama's shape, optionally with a window from some layer on. */
function qwen(json: ConfigJson): DecoderConfig {
  const config = llamaLike(json);
  const isOn = flag(json, "use_sliding_window", false);
  const first = whole({ max_window_layers: json["max_window_layers"] ?? 28 }, "max_window_layers", 0);
  const windows = windowsOf(json, config.layers, (i) => i >= first);
  return { ...config, attention: withWindows(config, isOn ? windows : () => null) };
}

/** Qwen2 and Qwen2.5 (arXiv 2407.10671): Llama with biases of queries, keys and values. */
export const qwen2: DecoderArchitecture = (json) =>
  decoder(
    { ...qwen(json), biases: { queryKeyValue: true, attentionOutput: false, inner: false } },
    llamaNames(),
    queryKeyValue,
  );

/** Qwen3 (arXiv 2505.09388): Llama with norms over each head's queries and keys. */
export const qwen3: DecoderArchitecture = (given) => {
  const json = { head_dim: 128, ...given };
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  return decoder({ ...qwen(json), biases }, llamaNames(queryKeyNorms), queryKeyValue);
};

/** Qwen3's mixtures of experts: all layers but those that the file names, and every so many. */
export const qwen3Moe: DecoderArchitecture = (json) => {
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  const given = { num_key_value_heads: 4, sliding_window: 4096, ...json, layer_types: null, max_window_layers: 0 };
  const config = { ...qwen(given), biases, allLinear: attentionAlone };
  const keys = {
    count: ["num_experts", 128],
    chosen: ["num_experts_per_tok", 8],
    width: ["moe_intermediate_size", 768],
  } as const;
  const shape = { ...expertsShape(json, keys, config.layers), normed: flag(json, "norm_topk_prob", false) };
  const names = (path: string) => ({ ...queryKeyNorms(path), experts: expertNames(`${path}.mlp`) });
  return decoder(withExperts(config, shape, sparseLayers(json)), llamaNames(names), queryKeyValue);
};

/** Which layers have experts. */
function sparseLayers(json: ConfigJson): (i: number) => boolean {
  const step = whole(json, "decoder_sparse_step", 1, 1);
  const dense = json["mlp_only_layers"] ?? [];
  if (!Array.isArray(dense) || !dense.every((place) => Number.isSafeInteger(place)))
    throw new ModelError("config.json: mlp_only_layers is a list of the numbers of layers", { key: "mlp_only_layers" });
  const places = new Set(dense as number[]);
  return (i) => !places.has(i) && (i + 1) % step === 0;
}
