import { baseWeightInit, below, besides } from "../adapters/adapter-parts.js";
import { AdapterError } from "../errors/errors.js";
import { clip } from "../errors/excerpt.js";
import { type Adapter, type AdapterLayer, startsFromBaseWeights, convertPissa } from "../io/peft/index.js";
import { partInFile, relatePaths } from "../io/peft/base-names.js";
import { transpose } from "../io/peft/conv1d.js";
import type { OpenTensorFile } from "../io/safetensors/index.js";
import { sameShape, type Tensor } from "../values/tensor.js";
import { orientationOf } from "./orientation.js";
import type { Pause } from "./stored-tensor.js";

/**
 * Converts a PiSSA or OLoRA adapter to an ordinary one of twice the rank: its initial A₀ and B₀ are recomputed from the base's weights, as
 * in `loadAdapter`. Other adapters are returned unchanged, and so are layers that do not fit the base, which the merge rejects.
 * @param base the weights on which PEFT created the adapter
 * @param modelType `model_type` of its config.json; null if there is none
 */
export async function convertPissaOn(
  base: OpenTensorFile,
  adapter: Adapter,
  modelType: string | null,
  pause: Pause,
): Promise<Adapter> {
  if (!startsFromBaseWeights(adapter.config)) return adapter;
  const factors = baseWeightInit(adapter.config);
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
  return convertPissa({ ...adapter, layers });
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
