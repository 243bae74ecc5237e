import { type ConfigJson, flag, whole } from "../../config-values.js";
import type { DecoderConfig } from "../config.js";
import { decoder, type DecoderArchitecture } from "../index.js";
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
