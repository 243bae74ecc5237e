import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, withWindows, windowsOf } from "./llama-like.js";

/** Phi-3 and Phi-4-mini (arXiv 2404.14219): Llama whose query, key and value are one layer, and whose inner layer's halves are another. */
export const phi3: DecoderArchitecture = (json) => {
  const config = llamaLike(json, { eps: 1e-5 });
  const attention = withWindows(
    config,
    windowsOf(json, config.layers, () => true),
  );
  return decoder({ ...config, attention }, llamaNames(layerNames), ["qkv_proj"]);
};

const layerNames = (path: string) => ({
  queryKeyValue: { paths: [`${path}.self_attn.qkv_proj`] },
  inner: { paths: [`${path}.mlp.gate_up_proj`] },
});
