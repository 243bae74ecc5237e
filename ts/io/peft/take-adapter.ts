import { checkRecord } from "../../arguments/collections.js";
import { oneOf, unexpected } from "../../arguments/settings.js";
import { clip } from "../../errors/excerpt.js";
import { checkTensor, type Tensor } from "../../values/tensor.js";
import { type Adapter, type AdapterLayer, checkLayers } from "./adapter.js";
import { takeConfig } from "./config/config.js";

/**
 * A copy of a caller's adapter (tensors' data are shared), every field read once. Throws `ConfigError` or `ShapeError` for an invalid
 * adapter, `AdapterError` if its layers and configuration do not match.
 */
export function takeAdapter(what: string, given: Adapter): Adapter {
  checkRecord(`${what}: an adapter is { config, layers, extra }`, given);
  const { config, layers, extra } = given;
  const adapter = {
    config: takeConfig(`${what}: config`, config),
    layers: takeMap(what, "layers", layers, takeLayer),
    extra: takeMap(what, "extra", extra, (name, tensor) => checkTensor(`adapter: ${name}`, tensor as Tensor)),
  };
  checkLayers(adapter);
  return adapter;
}

function takeMap<T>(what: string, field: string, given: unknown, take: (label: string, value: unknown) => T) {
  if (!(given instanceof Map)) throw unexpected(what, field, "a Map by name", given);
  const taken = new Map<string, T>();
  for (const [name, value] of given as Map<unknown, unknown>) {
    if (typeof name !== "string") throw unexpected(what, field, "a Map by name", name);
    taken.set(name, take(clip(name), value));
  }
  return taken;
}

function takeLayer(path: string, given: unknown): AdapterLayer {
  checkRecord(`adapter: ${path}: a layer is { kind, loraA, loraB, rank, alpha, scaling }`, given);
  const { kind, loraA, loraB, bias, magnitude, rank, alpha, scaling } = given as unknown as AdapterLayer;
  const tensor = (part: string, value: Tensor) => checkTensor(`adapter: ${path}: ${part}`, value);
  return {
    kind: oneOf(`adapter: ${path}`, "kind", kind, ["linear", "embedding"]),
    loraA: tensor("lora_A", loraA),
    loraB: tensor("lora_B", loraB),
    ...(bias !== undefined && { bias: tensor("lora_B's bias", bias) }),
    ...(magnitude !== undefined && { magnitude: tensor("magnitude", magnitude) }),
    rank,
    alpha,
    scaling,
  };
}
