import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { type Adapter, type AdapterLayer, checkAdapter } from "../../io/peft/index.js";
import { relatePaths } from "../../io/peft/paths/base-paths.js";
import { encodeTensor, type FloatDtype, type OpenTensorFile } from "../../io/safetensors/index.js";
import { mergeUpdate } from "../../nn/merged-weight.js";
import { formatShape, type Tensor } from "../../values/tensor.js";

/** The new bytes of a base's tensor; null where the adapter leaves it as it is. */
export type MergedTensor = (name: string) => Promise<Uint8Array | null>;

/** How one tensor of the base changes. */
type Change = (base: Tensor) => Tensor;

const floatTypes: readonly string[] = ["F32", "F16", "BF16"] satisfies FloatDtype[];

/**
 * What merging an adapter makes of each tensor of its base, one at a time and in the base's own types: W + s·A·B for
 * linear layers and embeddings, DoRA's magnitudes applied, biases and whole modules that were trained replaced.
 *
 * Throws `AdapterError` where the adapter does not fit the base or has something the base has no place for,
 * `UnsupportedError` where the base's type cannot be written.
 */
export function mergedTensors(base: OpenTensorFile, adapter: Adapter): MergedTensor {
  checkAdapter(adapter, base);
  const changes = planChanges(base, adapter);
  for (const name of changes.keys()) {
    const { dtype } = base.info(name);
    if (floatTypes.includes(dtype)) continue;
    throw new UnsupportedError(`merge: ${name} is ${dtype}; ${floatTypes.join(", ")} can be merged into`, {
      tensor: name,
      dtype,
    });
  }
  return async (name) => {
    const change = changes.get(name);
    if (change === undefined) return null;
    const { data } = change(await base.tensor(name));
    return encodeTensor(data, base.info(name).dtype as FloatDtype, name);
  };
}

function planChanges(base: OpenTensorFile, { config, layers, extra }: Adapter): Map<string, Change> {
  const paths = relatePaths([...layers.keys()], new Set(base.names));
  const changes = new Map<string, Change>();
  for (const [name, tensor] of extra) {
    const own = paths.toBase(name.replace(/\.(base_layer|modules_to_save|original_module)(?=\.)/g, ""));
    if (!base.has(own)) throw noPlaceFor(name);
    changes.set(own, () => tensor);
  }
  for (const [path, layer] of layers) {
    const target = paths.toBase(path);
    const { shape } = base.info(`${target}.weight`);
    const [inFeatures, outFeatures] = [layer.loraA.shape[0]!, layer.loraB.shape[1]!];
    const inFirst =
      layer.kind === "embedding" || (config.fanInFanOut && shape[0] === inFeatures && shape[1] === outFeatures);
    if (layer.kind === "embedding" && layer.magnitude !== undefined) {
      throw new UnsupportedError(`merge: ${path} is an embedding with DoRA, which is not supported`, { module: path });
    }
    changes.set(`${target}.weight`, (weight) => mergeWeight(weight, layer, inFirst));
    if (layer.bias === undefined) continue;
    const [bias, { scaling }] = [layer.bias, layer];
    if (!base.has(`${target}.bias`)) throw noPlaceFor(`${path}.lora_B.bias`);
    changes.set(`${target}.bias`, ({ shape: of, data }) => ({
      shape: of,
      data: data.map((value, i) => value + scaling * bias.data[i]!),
    }));
  }
  return changes;
}

/** W + s·A·B, and m/‖W + s·A·B‖ of each output with DoRA; the weight is `[in, out]` where `inFirst`, else `[out, in]`. */
export function mergeWeight(weight: Tensor, layer: AdapterLayer, inFirst: boolean): Tensor {
  const [inFeatures, outFeatures] = [layer.loraA.shape[0]!, layer.loraB.shape[1]!];
  if (weight.data.length !== inFeatures * outFeatures) {
    throw new AdapterError(
      `merge: a weight of ${formatShape(weight.shape)} does not take ${inFeatures} features to ${outFeatures}`,
      { op: "merge", actual: weight.shape, expected: inFirst ? [inFeatures, outFeatures] : [outFeatures, inFeatures] },
    );
  }
  const data = weight.data.slice();
  const [inStep, outStep] = inFirst ? [outFeatures, 1] : [1, inFeatures];
  mergeUpdate(data, { first: 0, inStep, outStep }, layer);
  return { shape: weight.shape, data };
}

function noPlaceFor(name: string): AdapterError {
  return new AdapterError(
    `merge: the adapter holds ${name}, which the base has no place for; keep base and adapter apart`,
    { name },
  );
}
