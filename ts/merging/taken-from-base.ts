import { besides, below } from "../adapters/adapter-tensors.js";
import { takingInit } from "../adapters/taken-from-base.js";
import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type Adapter, type AdapterLayer, takesFromBase, withoutTaking } from "../io/peft/index.js";
import { partInFile } from "../io/peft/joined-modules.js";
import { relatePaths } from "../io/peft/paths/base-paths.js";
import { transpose } from "../io/peft/transpose.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import { sameShape } from "../values/shape.js";
import type { Tensor } from "../values/tensor.js";
import { orientationOf } from "./orientation.js";
import type { Pause } from "./stored-tensor.js";

/**
 * A plain PiSSA or OLoRA adapter as an ordinary one of twice the rank: what it took from the base's weights is computed from them again, as
 * `loadAdapter` does. Others are given back as they are, and so are layers that do not fit the base, which a merge refuses.
 * @param base the weights that PEFT made the adapter on
 * @param modelType `model_type` of its config.json; null where there is none
 */
export async function withoutTakingFrom(
  base: OpenTensorFile,
  adapter: Adapter,
  modelType: string | null,
  pause: Pause,
): Promise<Adapter> {
  if (!takesFromBase(adapter.config)) return adapter;
  const factors = takingInit(adapter.config);
  const { isInFirst } = orientationOf(adapter.config, modelType, adapter.layers.keys(), base);
  const places = new Map([...adapter.layers.keys()].map((path) => [path, partInFile(path, base.names)] as const));
  const paths = relatePaths(
    [...places.values()].map(({ module }) => module),
    new Set(base.names),
  );
  const layers = new Map<string, AdapterLayer>();
  for (const [path, layer] of adapter.layers) {
    const { module, third } = places.get(path)!;
    const name = `${paths.toBase(module)}.weight`;
    layers.set(path, layer);
    if (layer.kind === "embedding" || !base.has(name) || base.info(name).shape.length !== 2) continue;
    await pause();
    const stored = await base.tensor(name);
    const whole = isInFirst(path, layer, stored.shape) ? transpose(stored) : stored;
    const weight = third === null ? whole : thirdOf(whole, third);
    if (!sameShape(weight.shape, [layer.loraB.shape[1]!, layer.loraA.shape[0]!])) continue;
    checkFinite(name, weight.data);
    const { a, b } = factors(weight, layer.rank, layer.scaling);
    const negative = { shape: b.shape, data: b.data.map((x) => -x) };
    layers.set(path, { ...layer, loraA: besides(layer.loraA, a), loraB: below(layer.loraB, negative) });
  }
  return withoutTaking({ ...adapter, layers });
}

function thirdOf({ shape, data }: Tensor, third: number): Tensor {
  const length = data.length / 3;
  return { shape: [shape[0]! / 3, shape[1]!], data: data.subarray(third * length, (third + 1) * length) };
}

function checkFinite(name: string, values: Float32Array): void {
  const strange = values.find((value) => !Number.isFinite(value));
  if (strange === undefined) return;
  throw new AdapterError(
    `merge: ${clip(name)} of the base holds ${strange}, so what the adapter took from it cannot be computed: take a model whose weights are finite`,
    { op: "merge", tensor: name, reason: "not finite" },
  );
}
