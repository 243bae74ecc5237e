import { AdapterError, withFolder } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { giveBack } from "../../values/give-back.js";
import { formatShape, type Tensor } from "../../values/tensor.js";
import { checkBytes } from "../byte-source.js";
import { fileAccess, type FileMap } from "../file-access.js";
import { isFloat, readSafetensors, takeWeightOptions, weightProblem } from "../safetensors/index.js";
import type { TensorFile, WeightOptions } from "../safetensors/index.js";
import { type Adapter, type AdapterLayer, checkLayers, type LayerScaling, layerScalings } from "./adapter.js";
import { CONFIG_FILE, readConfig } from "./config/config-file.js";
import { parseKey, type Part, WEIGHTS_FILE } from "./paths/keys.js";
import { transpose } from "./conv1d.js";
import { notExpected } from "../../arguments/settings.js";

/** Names of an adapter's files. */
export const ADAPTER_FILES = [CONFIG_FILE, WEIGHTS_FILE];

type Parts = Map<Part, Tensor>;

/** One of A and B, transposed to our orientation. */
function factor(path: string, parts: Parts, part: Part, other: Part): Tensor {
  const tensor = parts.get(part);
  const [name, otherName] = part.toLowerCase().endsWith("a") ? ["lora_A", "lora_B"] : ["lora_B", "lora_A"];
  if (!tensor)
    throw new AdapterError(`adapter: ${clip(path)} has ${parts.has(other) ? `${otherName} but ` : ""}no ${name}`, {
      module: path,
    });
  if (tensor.shape.length !== 2)
    throw new AdapterError(
      `adapter: ${clip(path)}: expected ${name} of two dimensions, got ${formatShape(tensor.shape)} (convolutions are not supported)`,
      { module: path },
    );
  const transposed = transpose(tensor);
  giveBack(tensor.data);
  return transposed;
}

function buildLayer(scaling: LayerScaling, path: string, parts: Parts): AdapterLayer {
  const isEmbedding = parts.has("embeddingA") || parts.has("embeddingB");
  if (isEmbedding && (parts.has("a") || parts.has("b")))
    throw new AdapterError(`adapter: ${clip(path)} has tensors both of a linear and of an embedding layer`, {
      module: path,
    });
  const [a, b] = isEmbedding ? (["embeddingA", "embeddingB"] as const) : (["a", "b"] as const);
  const [bias, magnitude] = [parts.get("bias"), parts.get("magnitude")];
  return {
    kind: isEmbedding ? "embedding" : "linear",
    loraA: factor(path, parts, a, b),
    loraB: factor(path, parts, b, a),
    ...(bias && { bias }),
    ...(magnitude && { magnitude }),
    ...scaling,
  };
}

/** A saved module's buffers, such as a count of batches, may be integers; weights may not. */
const isBuffer = (name: string) => !/(^|\.)(weight|bias)$/.test(name);

function readTensors(
  file: TensorFile,
  options: WeightOptions,
): { layers: Map<string, Parts>; extra: Map<string, Tensor> } {
  const read = (key: string, mayBeInteger = false) => {
    const { dtype } = file.info(key);
    const tensor = file.tensor(key);
    const problem = mayBeInteger && !isFloat(dtype) ? null : weightProblem(dtype, tensor, options);
    if (problem !== null)
      throw new AdapterError(`${WEIGHTS_FILE}: tensor ${excerpt(key)} ${problem}`, { tensor: key, dtype });
    return tensor;
  };
  const layers = new Map<string, Parts>();
  const extra = new Map<string, Tensor>();
  for (const key of file.names) {
    const parsed = parseKey(key);
    if ("extra" in parsed) extra.set(parsed.extra, read(key, isBuffer(parsed.extra)));
    else {
      const parts: Parts = layers.get(parsed.path) ?? new Map();
      layers.set(parsed.path, parts.set(parsed.part, read(key)));
    }
  }
  return { layers, extra };
}

function fileOf(files: FileMap, name: string): Uint8Array {
  const bytes = Object.hasOwn(files, name) ? files[name] : undefined;
  if (bytes !== undefined) {
    checkBytes(name, bytes);
    return bytes;
  }
  const given = Object.keys(files);
  const hint = given.includes("adapter_model.bin")
    ? "; adapter_model.bin is a Python pickle: save it from PEFT with safe_serialization=True"
    : "";
  throw new AdapterError(
    `adapter: expected a file ${name}, got ${given.length === 0 ? "none" : clip(given.join(", "))}${hint}`,
    { expected: name, given },
  );
}

/**
 * Reads a LoRA adapter in PEFT's format.
 * @param source the folder's files (`adapter_config.json`, `adapter_model.safetensors`); in runtimes with a file system also its path
 * @param options.allowNonFinite accept NaN and infinities; default false: throws and names the tensor
 * @returns layers with A `[in, rank]` and B `[rank, out]` in float32, each with its scaling
 * @throws `FormatError` for broken files, `AdapterError` for files that do not match each other, `UnsupportedError` for variants of LoRA
 *   that compute something else; each names the folder, if the source is one. `checkAdapter` checks whether the adapter fits a model.
 */
export function readAdapter(source: FileMap | string, options: WeightOptions = {}): Adapter {
  return readFor(source, options, false);
}

/**
 * `readAdapter` with access to the base's weights, from which PiSSA's and OLoRA's initial values can be computed; `config.initLoraWeights`
 * says whether that is needed.
 */
export function readAdapterForBase(source: FileMap | string, options: WeightOptions): Adapter {
  return readFor(source, options, true);
}

function readFor(source: FileMap | string, options: WeightOptions, withBase: boolean): Adapter {
  const wanted = takeWeightOptions("readAdapter", options);
  if (typeof source !== "string" && (typeof source !== "object" || source === null))
    throw notExpected("readAdapter", "files by name or a folder", source);
  if (typeof source !== "string") return adapterOf(source, wanted, withBase);
  const files = fileAccess("readAdapter").readFiles(source, [...ADAPTER_FILES, "adapter_model.bin"]);
  try {
    return adapterOf(files, wanted, withBase);
  } catch (error) {
    throw withFolder(error, source, ADAPTER_FILES);
  }
}

function adapterOf(files: FileMap, wanted: WeightOptions, withBase: boolean): Adapter {
  const config = readConfig(fileOf(files, CONFIG_FILE), withBase);
  const { layers, extra } = readTensors(readSafetensors(fileOf(files, WEIGHTS_FILE), WEIGHTS_FILE), wanted);
  const scalingOf = layerScalings(config);
  const built = [...layers].map(([path, parts]) => [path, buildLayer(scalingOf(path), path, parts)] as const);
  const adapter: Adapter = { config, layers: new Map(built), extra };
  checkLayers(adapter);
  return adapter;
}
