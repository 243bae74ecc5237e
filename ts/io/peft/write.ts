import { checkOptions } from "../../arguments/options.js";
import type { Tensor } from "../../values/tensor.js";
import type { SavedFiles } from "../file-access.js";
import { writeSafetensors } from "../safetensors/index.js";
import type { FloatDtype } from "../safetensors/index.js";
import type { Adapter } from "./adapter.js";
import { CONFIG_FILE, writeConfig } from "./config/config-file.js";
import { extraKey, layerKey, WEIGHTS_FILE } from "./paths/keys.js";
import { withSortedPatterns } from "./joined-modules.js";
import { takeAdapter } from "./take-adapter.js";
import { transpose } from "./conv1d.js";

/**
 * Writes an adapter as PEFT 0.21 does: `adapter_config.json` with all its fields, and `adapter_model.safetensors`.
 * @param options.dtype element type of every tensor; default "F32"
 * @throws `AdapterError` if layers and configuration do not match; `ConfigError` or `ShapeError` for an invalid adapter
 */
export function writeAdapter(
  adapter: Adapter,
  options: { dtype?: FloatDtype } = {},
): SavedFiles & Readonly<Record<"adapter_config.json" | "adapter_model.safetensors", Uint8Array<ArrayBuffer>>> {
  checkOptions("writeAdapter", options, ["dtype"]);
  const { config, layers, extra } = takeAdapter("writeAdapter", adapter);
  const tensors = new Map<string, Tensor>();
  for (const [path, { kind, loraA, loraB, bias, magnitude }] of layers) {
    const [a, b] = kind === "embedding" ? (["embeddingA", "embeddingB"] as const) : (["a", "b"] as const);
    tensors.set(layerKey(path, a), transpose(loraA)).set(layerKey(path, b), transpose(loraB));
    if (bias) tensors.set(layerKey(path, "bias"), bias);
    if (magnitude) tensors.set(layerKey(path, "magnitude"), magnitude);
  }
  for (const [name, tensor] of extra) tensors.set(extraKey(name), tensor);
  return {
    [CONFIG_FILE]: writeConfig(withSortedPatterns(config, layers)),
    [WEIGHTS_FILE]: writeSafetensors(tensors, { format: "pt" }, options),
  };
}
