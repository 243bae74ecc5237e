import type { ConfigJson } from "../../config-values.js";
import { decoder, type DecoderArchitecture } from "../index.js";
import { llamaLike, llamaNames, withWindows, windowsOf } from "./llama-like.js";

/** Phi-3 and Phi-4-mini (arXiv 2404.14219): Llama whose query, key and value are one layer, and whose inner layer's halves are another. */
export const phi3: DecoderArchitecture = (json) => {
  const config = llamaLike(withLongrope(json), { eps: 1e-5, inPart: true });
  // All layers are alike: transformers reads no layer_types here.
  const attention = withWindows(
    config,
    windowsOf({ ...json, layer_types: null }, config.layers, () => true),
  );
  return decoder({ ...config, attention }, llamaNames(layerNames), ["qkv_proj"]);
};

/** The first files call its one scaling "yarn", which it is not. */
function withLongrope(json: ConfigJson): ConfigJson {
  const scaling = json["rope_scaling"] as Readonly<Record<string, unknown>> | null | undefined;
  const isOld = scaling?.["type"] === "yarn" || scaling?.["rope_type"] === "yarn";
  return isOld ? { ...json, rope_scaling: { ...scaling, rope_type: "longrope" } } : json;
}

const layerNames = (path: string) => ({
  queryKeyValue: { paths: [`${path}.self_attn.qkv_proj`] },
  inner: { paths: [`${path}.mlp.gate_up_proj`] },
});
