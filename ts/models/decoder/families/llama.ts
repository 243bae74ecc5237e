import { flag } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, queryKeyValue, withWindows, windowsOf } from "./llama-like.js";

/** Llama 1 to 3.2 (arXiv 2302.13971, 2407.21783), and models of the same shape: SmolLM2, TinyLlama. */
export const llama: DecoderArchitecture = (json) => {
  const attention = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: attention, attentionOutput: attention, inner: flag(json, "mlp_bias", false) };
  return decoder({ ...llamaLike(json), biases }, llamaNames(), queryKeyValue);
};

/** Mistral 7B (arXiv 2310.06825): Llama with a window in all layers. */
export const mistral: DecoderArchitecture = (given) => {
  const json = { num_key_value_heads: 8, sliding_window: 4096, ...given };
  const config = llamaLike(json);
  const attention = withWindows(
    config,
    windowsOf(json, config.layers, () => true),
  );
  return decoder({ ...config, attention }, llamaNames(), queryKeyValue);
};
