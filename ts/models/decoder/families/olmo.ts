import { flag, refuse } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { attentionAlone, expertNames, expertsShape, withExperts } from "../experts.js";
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

/** OLMoE (arXiv 2409.02060): Llama with norms over all queries and all keys, and a mixture of experts in every layer. */
export const olmoe: DecoderArchitecture = (json) => {
  refuse(json, "clip_qkv");
  const config = llamaLike(json, { eps: 1e-5 });
  const bias = flag(json, "attention_bias", false);
  const biases = { queryKeyValue: bias, attentionOutput: bias, inner: false };
  const keys = {
    count: ["num_experts", 64],
    chosen: ["num_experts_per_tok", 8],
    width: ["intermediate_size"],
  } as const;
  const shape = { ...expertsShape(json, keys, config.layers), normed: flag(json, "norm_topk_prob", false) };
  const names = (path: string) => ({ ...queryKeyNorms(path), experts: expertNames(`${path}.mlp`) });
  return decoder(
    withExperts({ ...config, biases, wholeQueryKeyNorm: true, allLinear: attentionAlone }, shape),
    llamaNames(names),
    queryKeyValue,
  );
};
