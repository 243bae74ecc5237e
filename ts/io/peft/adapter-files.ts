import { checkOptions } from "../../arguments/options.js";
import { notExpected } from "../../arguments/settings.js";
import { AdapterError, withFolder } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { giveBack } from "../../values/number-list.js";
import { formatShape, sameShape, type Tensor } from "../../values/tensor.js";
import { checkBytes } from "../byte-source.js";
import { fileAccess, type FileMap, type SavedFiles } from "../file-access.js";
import {
  type FloatDtype,
  isFloat,
  readSafetensors,
  takeWeightOptions,
  type TensorFile,
  type WeightOptions,
  weightProblem,
  writeSafetensors,
} from "../safetensors/index.js";
import { byName } from "../safetensors/write.js";
import {
  type Adapter,
  type AdapterLayer,
  checkLayers,
  type LayerScaling,
  layerScalings,
  takeAdapter,
} from "./adapter.js";
import { CONFIG_FILE, readConfig, writeConfig } from "./config-file.js";
import type { AdapterConfig } from "./config.js";
import { transpose } from "./conv1d.js";
import { pathPattern } from "./targets.js";

/** Name of the weights' file in an adapter's folder. */
export const WEIGHTS_FILE = "adapter_model.safetensors";

/** Names of an adapter's files. */
export const ADAPTER_FILES = [CONFIG_FILE, WEIGHTS_FILE];

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

/** A saved module's buffers, such as a count of batches, may be integers; weights may not. */
const isBuffer = (name: string) => !/(^|\.)(weight|bias)$/.test(name);

type Parts = Map<Part, Tensor>;

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

/**
 * The configuration with patterns in any order: the first match counts, and PEFT's file sorts them by name. Where that would change a
 * layer's rank or α, each layer gets its own pattern.
 */
function withSortedPatterns(config: AdapterConfig, layers: ReadonlyMap<string, AdapterLayer>): AdapterConfig {
  const [rankPattern, alphaPattern] = [sorted(config.rankPattern), sorted(config.alphaPattern)];
  const scalingOf = layerScalings({ ...config, rankPattern, alphaPattern });
  const given = [...layers].map(([path, layer]) => ({ path, layer, read: scalingOf(path) }));
  const own = (field: "rank" | "alpha") =>
    given.every(({ layer, read }) => layer[field] === read[field])
      ? null
      : new Map(given.map(({ path, layer }) => [pathPattern(path), layer[field]]));
  return { ...config, rankPattern: own("rank") ?? rankPattern, alphaPattern: own("alpha") ?? alphaPattern };
}

const sorted = (patterns: ReadonlyMap<string, number>) => new Map([...patterns].sort(([a], [b]) => byName(a, b)));

/** PEFT's prefix of every module path. */
const PREFIX = "base_model.model.";

/** Tensors of a layer, by what their key ends in. */
const parts = {
  "lora_A.weight": "a",
  "lora_B.weight": "b",
  "lora_B.bias": "bias",
  lora_embedding_A: "embeddingA",
  lora_embedding_B: "embeddingB",
  lora_magnitude_vector: "magnitude",
} as const;

/** A tensor's role in a layer. */
type Part = (typeof parts)[keyof typeof parts];

const ends = new Map(Object.entries(parts));
const names = new Map(Object.entries(parts).map(([end, part]) => [part, end]));

/** Key in the file of a layer's tensor. */
const layerKey = (path: string, part: Part) => `${PREFIX}${path}.${names.get(part)!}`;

/** Key in the file of a tensor that belongs to no layer. */
const extraKey = (name: string) => `${PREFIX}${name}`;

/** Takes a key apart: the module path and role of a layer's tensor, or the name of another. Throws `AdapterError`. */
function parseKey(key: string): { path: string; part: Part } | { extra: string } {
  const fail = (problem: string) => new AdapterError(`${WEIGHTS_FILE}: ${excerpt(key)}: ${problem}`, { key });
  if (!key.startsWith(PREFIX)) throw fail(`expected a name that begins with "${PREFIX}"`);
  const name = key.slice(PREFIX.length);
  for (const [end, part] of ends) if (name.endsWith(`.${end}`)) return { path: name.slice(0, -end.length - 1), part };
  if (/\.lora_(A|B|embedding_A|embedding_B|magnitude_vector)\.[^.]+(\.weight|\.bias)?$/.test(name))
    throw fail("an adapter's name stands in it: save with PEFT's save_pretrained, not the model's state_dict");
  if (/(^|\.)lora_/.test(name)) throw fail("not a LoRA tensor that is known here");
  return { extra: name };
}

const TOKEN_ROWS = ".token_adapter.trainable_tokens_delta";

/** Whether a tensor that belongs to no layer holds trained rows of a table: those that trainable_token_indices names, in their order. */
export const isTokenRows = (name: string) => name.endsWith(TOKEN_ROWS);

/** Name of a table's trained rows. */
export const tokenRows = (path: string) => path + TOKEN_ROWS;

/**
 * The rows of an embedding for an adapter's tensor of trained rows, in the tensor's order. Throws `AdapterError` if the configuration names
 * no rows, or they do not fit.
 *
 * @param tensor the tensor's name and shape
 * @param table path and shape `[rows, width]` of the embedding
 */
export function rowsOfTable(
  what: string,
  tensor: { readonly name: string; readonly shape: readonly number[] },
  table: { readonly path: string; readonly shape: readonly number[] },
  { trainableTokenIndices }: AdapterConfig,
): readonly number[] {
  const [rows, width] = table.shape as [number, number];
  const indices = trainedRows(trainableTokenIndices, table.path);
  const outside = indices?.find((row) => row >= rows);
  if (indices !== null && outside === undefined && sameShape(tensor.shape, [indices.length, width])) return indices;
  const expected = indices === null ? "trainable_token_indices of it" : formatShape([indices.length, width]);
  const problem = outside === undefined ? `got ${formatShape(tensor.shape)}` : `row ${outside} is beyond ${rows - 1}`;
  throw new AdapterError(`${what}: ${clip(tensor.name)}: expected ${expected}, ${problem}`, { tensor: tensor.name });
}

/** The rows of a table that a configuration's trainable_token_indices train; null for none. */
function trainedRows(wanted: AdapterConfig["trainableTokenIndices"], path: string): readonly number[] | null {
  if (wanted === null) return null;
  if (!(wanted instanceof Map)) return wanted as readonly number[];
  for (const [name, rows] of wanted as ReadonlyMap<string, readonly number[]>)
    if (path === name || path.endsWith(`.${name}`)) return rows;
  return null;
}

/** Whether a tensor is what a module was before it was trained, which PEFT's old files hold too. */
export const isOriginal = (name: string) => name.includes(".original_module.");

/**
 * Removes duplicate tensors: with bias "all", PEFT also writes the biases of fully trained modules under its own names, which it ignores
 * when loading.
 */
export function withoutCopies<T>(tensors: ReadonlyMap<string, T>): [string, T][] {
  return [...tensors].filter(([name]) => {
    const [before, rest] = name.split(".modules_to_save.");
    if (before === undefined || rest === undefined) return true;
    return !tensors.has(`${before}.${rest}`) && !tensors.has(`${before}.${rest.slice(rest.indexOf(".") + 1)}`);
  });
}

/** The base's name of a tensor that belongs to no layer: PEFT's wrappers add names to its path. */
export function baseTensor(name: string): string {
  if (isTokenRows(name)) return `${name.slice(0, -TOKEN_ROWS.length)}.weight`;
  return name.replace(/\.(base_layer|modules_to_save|original_module)(?=\.)/g, "");
}
