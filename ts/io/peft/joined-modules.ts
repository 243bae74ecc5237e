import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import { type Adapter, type AdapterLayer, lackingLayers, layerScalings } from "./adapter.js";
import { relatePaths } from "./paths/base-paths.js";
import { isOriginal } from "./paths/keys.js";
import type { AdapterConfig } from "./config/config.js";
import { byName } from "../safetensors/write.js";

/*
 * NomicBERT's files hold their tensors under the names of the model's own code, query, key and value in one; an adapter has those of
 * transformers' modules.
 */
const joined = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"];
const JOINED = "attn.Wqkv";
const renamed: Readonly<Record<string, string>> = {
  "self_attn.o_proj": "attn.out_proj",
  "mlp.gate_proj": "mlp.fc12",
  "mlp.up_proj": "mlp.fc11",
  "mlp.down_proj": "mlp.fc2",
  post_attention_layernorm: "norm1",
  post_mlp_layernorm: "norm2",
};
const inLayer = new RegExp(
  `^(.*?)(?<!encoder\\.)layers\\.(\\d+)\\.(${[...joined, ...Object.keys(renamed)].join("|").replaceAll(".", "\\.")})(\\..*)?$`,
);
const inFile = /^(.*?)encoder\.layers\.(\d+)\.(attn\.(?:Wqkv|out_proj)|mlp\.fc(?:11|12|2))\.weight$/;

interface Place {
  /** Name in the file, including ".weight" and the like. */
  readonly name: string;
  /** Which third of the tensor it is; null for the whole tensor. */
  readonly third: number | null;
}

function placeOf(name: string): Place {
  const [, prefix = "", layer, module, rest = ""] = inLayer.exec(name) ?? [];
  if (module === undefined) return { name: name.replace(/(^|\.)embeddings\.LayerNorm(?=\.)/, "$1emb_ln"), third: null };
  const third = joined.indexOf(module);
  const own = third < 0 ? renamed[module]! : JOINED;
  return { name: `${prefix}encoder.layers.${layer}.${own}${rest}`, third: third < 0 ? null : third };
}

/** A module's place in the base's file: its path, and which third of the tensor it is, null for the whole tensor. */
export function partInFile(
  path: string,
  names: readonly string[],
): { readonly module: string; readonly third: number | null } {
  if (!isNomic(names)) return { module: path, third: null };
  const { name, third } = placeOf(path);
  return { module: name, third };
}

const isNomic = (names: readonly string[]) =>
  names.some((name) => /(^|\.)encoder\.layers\.0\.attn\.Wqkv\.weight$/.test(name)) &&
  names.some((name) => /(^|\.)emb_ln\.weight$/.test(name));

/** Whether the base's file has other names than the adapter for the same modules. */
const differ = ({ layers }: Adapter, names: readonly string[]) =>
  isNomic(names) && [...layers.keys()].some((path) => inLayer.test(path));

/** Targeted modules in such a file for which the adapter has no layer, by their names in transformers. */
export function lackingInFile(adapter: Adapter, names: readonly string[]): string[] {
  if (!differ(adapter, names)) return [];
  const modules = names.flatMap((name) => {
    const [, prefix = "", layer, tensor] = inFile.exec(name) ?? [];
    if (tensor === undefined) return [];
    const own = tensor === JOINED ? joined : Object.keys(renamed).filter((module) => renamed[module] === tensor);
    return own.map((module) => `${prefix}layers.${layer}.${module}`);
  });
  const paths = relatePaths([...adapter.layers.keys()], new Set(modules.map((path) => `${path}.weight`)));
  const known = modules.flatMap((path) => paths.toAdapter(path) ?? []);
  return [...lackingLayers(adapter, known)];
}

/**
 * Converts the adapter to the tensors of the base's files: joined modules become one layer with the sum of the ranks. Returns the same
 * adapter if the files have its modules' names.
 * @throws `UnsupportedError` if it has only some parts of a joined tensor and the others cannot be filled in
 */
export function inFileNames(adapter: Adapter, names: readonly string[]): Adapter {
  if (!differ(adapter, names)) return adapter;
  const parts = new Map<string, (AdapterLayer | undefined)[]>();
  const layers = new Map<string, AdapterLayer>();
  for (const [path, layer] of adapter.layers) {
    const { name, third } = placeOf(path);
    const { rank } = layer;
    const alpha = layer.scaling * rank;
    if (third === null) layers.set(name, { ...layer, alpha, scaling: alpha / rank });
    else thirdsOf(parts, name)[third] = layer;
  }
  for (const [name, thirds] of parts) layers.set(name, joinedLayer(name, thirds));
  const config = {
    ...adapter.config,
    targetModules: [...layers.keys()],
    excludeModules: null,
    layersToTransform: null,
    layersPattern: null,
    rankPattern: new Map([...layers].map(([path, { rank }]) => [exactly(path), rank])),
    alphaPattern: new Map([...layers].map(([path, { alpha }]) => [exactly(path), alpha])),
    useRslora: false,
  };
  return { config, layers, extra: wholeTensors(adapter.extra) };
}

function thirdsOf<T>(all: Map<string, (T | undefined)[]>, name: string): (T | undefined)[] {
  const known = all.get(name) ?? joined.map(() => undefined);
  all.set(name, known);
  return known;
}

function wholeTensors(extra: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  const thirds = new Map<string, (Tensor | undefined)[]>();
  for (const [own, tensor] of extra) {
    const { name, third } = placeOf(own);
    if (third === null) found.set(name, tensor);
    else if (!isOriginal(own)) thirdsOf(thirds, name)[third] = tensor;
  }
  for (const [name, tensors] of thirds) {
    const all = tensors.filter((tensor) => tensor !== undefined);
    if (all.length < joined.length)
      throw new UnsupportedError(
        `merge: the base holds query, key and value in one tensor, ${clip(name)}, of which the adapter replaces a part: keep base and adapter apart`,
        { op: "merge", tensor: name },
      );
    const [[rows = 0, ...rest], ...others] = all.map(({ shape }) => shape) as [number[], ...number[][]];
    if (others.some((shape) => shape.join() !== [rows, ...rest].join()))
      throw new AdapterError(`adapter: parts of ${clip(name)} differ in shape`, { tensor: name });
    const data = new Float32Array(all.reduce((sum, tensor) => sum + tensor.data.length, 0));
    all.reduce((at, tensor) => (data.set(tensor.data, at), at + tensor.data.length), 0);
    found.set(name, { shape: [rows * joined.length, ...rest], data });
  }
  return found;
}

/**
 * One layer on a joined weight of several layers: [A₁ A₂ …] and a block-diagonal matrix of the Bᵢ·scalingᵢ, so that each part's outputs
 * change as with its own layer. Undefined parts stay unchanged.
 */
function joinedLayer(name: string, parts: readonly (AdapterLayer | undefined)[]): AdapterLayer {
  const given = parts.filter((part) => part !== undefined);
  const [inFeatures, width] = [given[0]!.loraA.shape[0]!, given[0]!.loraB.shape[1]!];
  if (given.some(({ loraA, loraB }) => loraA.shape[0] !== inFeatures || loraB.shape[1] !== width))
    throw new AdapterError(`adapter: the layers that ${clip(name)} joins differ in their features`, { module: name });
  const isDora = given.some(({ magnitude }) => magnitude !== undefined);
  if (isDora && given.length < parts.length)
    throw new UnsupportedError(
      `merge: the base holds query, key and value in one tensor, ${clip(name)}, of which the adapter with DoRA has a part: keep base and adapter apart`,
      { op: "merge", module: name },
    );
  const rank = given.reduce((sum, part) => sum + part.rank, 0);
  const outFeatures = width * parts.length;
  const [a, b] = [new Float32Array(inFeatures * rank), new Float32Array(rank * outFeatures)];
  const along = (take: (part: AdapterLayer) => Float32Array) => {
    const data = new Float32Array(outFeatures);
    parts.forEach((part, i) => part && data.set(take(part), i * width));
    return { shape: [outFeatures], data };
  };
  let first = 0;
  for (const [i, part] of parts.entries()) {
    if (part === undefined) continue;
    for (let row = 0; row < inFeatures; row++)
      a.set(part.loraA.data.subarray(row * part.rank, (row + 1) * part.rank), row * rank + first);
    for (let row = 0; row < part.rank; row++)
      for (let column = 0; column < width; column++)
        b[(first + row) * outFeatures + i * width + column] = part.loraB.data[row * width + column]! * part.scaling;
    first += part.rank;
  }
  return {
    kind: "linear",
    loraA: { shape: [inFeatures, rank], data: a },
    loraB: { shape: [rank, outFeatures], data: b },
    ...(isDora && { magnitude: along(({ magnitude }) => magnitude!.data) }),
    ...(given.some(({ bias }) => bias !== undefined) && {
      bias: along(({ bias, scaling }) => bias!.data.map((value) => value * scaling)),
    }),
    rank,
    alpha: rank,
    scaling: 1,
  };
}

/** A regular expression that matches only one module's path. */
const exactly = (path: string) => path.replace(/[^\w]/g, "\\$&");

const sorted = (patterns: ReadonlyMap<string, number>) => new Map([...patterns].sort(([a], [b]) => byName(a, b)));

/**
 * The configuration with patterns in any order: the first match counts, and PEFT's file sorts them by name. Where that would change a
 * layer's rank or α, each layer gets its own pattern.
 */
export function withSortedPatterns(config: AdapterConfig, layers: ReadonlyMap<string, AdapterLayer>): AdapterConfig {
  const [rankPattern, alphaPattern] = [sorted(config.rankPattern), sorted(config.alphaPattern)];
  const scalingOf = layerScalings({ ...config, rankPattern, alphaPattern });
  const given = [...layers].map(([path, layer]) => ({ path, layer, read: scalingOf(path) }));
  const own = (field: "rank" | "alpha") =>
    given.every(({ layer, read }) => layer[field] === read[field])
      ? null
      : new Map(given.map(({ path, layer }) => [exactly(path), layer[field]]));
  return { ...config, rankPattern: own("rank") ?? rankPattern, alphaPattern: own("alpha") ?? alphaPattern };
}
