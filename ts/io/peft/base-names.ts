import { AdapterError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import { type Adapter, type AdapterLayer, lackingLayers } from "./adapter.js";
import { pathPattern } from "./targets.js";
import { isOriginal } from "./adapter-files.js";

/**
 * Maps an adapter's module paths to a base file's tensor names. The same weights are named "encoder.layer.0…" in a bare model's file and
 * "bert.encoder.layer.0…" in that of a model with a head, and an adapter may be made on either.
 */
export interface BasePaths {
  /** The base file's name for an adapter's path. */
  toBase(path: string): string;
  /** The adapter's path for a base file's name; null outside the adapted model. */
  toAdapter(name: string): string | null;
}

/**
 * The mapping for which most of the adapter's modules have a weight in the base. Each name and module is examined once, however many
 * prefixes there are.
 */
export function relatePaths(modules: readonly string[], names: ReadonlySet<string>): BasePaths {
  const isModule = new Set(modules);
  const hasWeight = (path: string) => names.has(`${path}.weight`);
  const asTheyAre = modules.filter(hasWeight).length;

  const withPrefix = new Counts();
  for (const name of names) {
    const prefix = firstSegment(name);
    if (prefix !== "" && name.endsWith(".weight") && isModule.has(name.slice(prefix.length, -".weight".length)))
      withPrefix.add(prefix);
  }

  // Modules with the prefix are looked up without it, others as they are.
  const [without, whole] = [new Counts(), new Counts()];
  for (const path of modules) {
    const prefix = firstSegment(path);
    if (prefix === "") continue;
    if (hasWeight(path.slice(prefix.length))) without.add(prefix);
    if (hasWeight(path)) whole.add(prefix);
  }

  let [best, most] = [same, asTheyAre];
  const consider = (relation: BasePaths, found: number) => {
    if (found > most) [best, most] = [relation, found];
  };
  for (const [prefix, found] of withPrefix) consider(added(prefix), found);
  for (const [prefix, found] of without) consider(dropped(prefix), found + asTheyAre - whole.of(prefix));
  for (const relation of [inner, outer])
    consider(relation, modules.filter((path) => hasWeight(relation.toBase(path))).length);
  return best;
}

/** Counts by key. */
class Counts extends Map<string, number> {
  add(key: string): void {
    this.set(key, this.of(key) + 1);
  }
  of(key: string): number {
    return this.get(key) ?? 0;
  }
}

const firstSegment = (path: string) => path.slice(0, path.indexOf(".") + 1);

const same: BasePaths = { toBase: (path) => path, toAdapter: (name) => name };

/** The file has a prefix that the adapter's paths lack. */
const added = (prefix: string): BasePaths => ({
  toBase: (path) => prefix + path,
  toAdapter: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : null),
});

/** The adapter's paths have a prefix that the file lacks. */
const dropped = (prefix: string): BasePaths => ({
  toBase: (path) => (path.startsWith(prefix) ? path.slice(prefix.length) : path),
  toAdapter: (name) => prefix + name,
});

const [OUTER, INNER] = ["model.", "model.language_model."];

const moved = (path: string, from: string, to: string) => (path.startsWith(from) ? to + path.slice(from.length) : path);

/** Names of a language model by itself, for those that it has in a model for texts and pictures. */
const inner: BasePaths = {
  toBase: (path) => moved(path, OUTER, INNER),
  toAdapter: (name) => (name.startsWith(OUTER) && !name.startsWith(INNER) ? null : moved(name, INNER, OUTER)),
};

/** The reverse. */
const outer: BasePaths = {
  toBase: (path) => moved(path, INNER, OUTER),
  toAdapter: (name) => moved(name, OUTER, INNER),
};

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
    rankPattern: new Map([...layers].map(([path, { rank }]) => [pathPattern(path), rank])),
    alphaPattern: new Map([...layers].map(([path, { alpha }]) => [pathPattern(path), alpha])),
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
