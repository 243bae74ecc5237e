import { flag } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, queryKeyNorms, queryKeyValue } from "./llama-like.js";

/** OLMo 2 (arXiv 2501.00656): Llama with norms after attention and MLP, and over all queries and all keys. */
export const olmo2: DecoderArchitecture = (json) => {
  const config = llamaLike(json, { eps: 1e-5 });
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  return decoder({ ...config, biases, wholeQueryKeyNorm: true }, llamaNames(layerNames), queryKeyValue);
};

const layerNames = (path: string) => ({
  ...queryKeyNorms(path),
  attentionNorm: null,
  attentionPostNorm: `${path}.post_attention_layernorm`,
  innerNorm: null,
  innerPostNorm: `${path}.post_feedforward_layernorm`,
});
