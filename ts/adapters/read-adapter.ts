import { checkRecord } from "../arguments/settings.js";
import { AdapterError, UnsupportedError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import type { FileMap } from "../io/file-access.js";
import { lackingLayers } from "../io/peft/adapter.js";
import { isConv1d, transpose } from "../io/peft/conv1d.js";
import { bareBiases, idlePatterns, otherFamily } from "../io/peft/check.js";
import {
  type Adapter,
  type AdapterLayer,
  baseTensor,
  checkNotMerged,
  isOriginal,
  isTokenRows,
  type MergedModel,
  readAdapterForBase,
  rowsOfTable,
  savedWhole,
  startsFromBaseWeights,
  withoutCopies,
} from "../io/peft/index.js";
import { relatePaths } from "../io/peft/base-names.js";
import type { WeightOptions } from "../io/safetensors/index.js";
import { giveBack } from "../values/number-list.js";
import { formatShape, sameShape, type Tensor } from "../values/tensor.js";
import { type AdaptedModules, type AdapterBase, type MergedBase, namedModules } from "./adapter-base.js";
import { decayTest } from "./adapted-norm.js";
import {
  type AdapterParts,
  type AdapterWeights,
  baseWeightInit,
  taking,
  type TokenRows,
  weightsOf,
  type WholeTensor,
} from "./adapter-parts.js";

/** The modules that adapters change, and what is merged into the model's files already. */
export type ReadableBase = AdapterBase & { readonly mergedModel: MergedModel | null };

/** PEFT's files as an adapter that fits. Warns about anything unusual. Throws `AdapterError` if it does not fit. */
export function readFitting(
  what: string,
  files: FileMap | string,
  options: WeightOptions,
  graph: Graph,
  base: ReadableBase,
  merged: MergedBase,
): FittedAdapter {
  if (typeof files !== "string")
    checkRecord(
      `${what}: an adapter's files by name, as bytes ({ "adapter_config.json": …, "adapter_model.safetensors": … }), or its folder, are expected`,
      files,
    );
  const adapter = readAdapterForBase(files, options);
  checkNotMerged(what, adapter, base.name, base.mergedModel);
  // PiSSA's and OLoRA's initial values are computed from the weights as loaded.
  if (startsFromBaseWeights(adapter.config)) merged.checkNone(what);
  const fitted = fitAdapter(graph, adapter, base);
  for (const doubt of doubts(adapter, fitted, base)) console.warn(`lowrank: ${what}: ${doubt}`);
  return fitted;
}

function doubts(
  adapter: Adapter,
  { config, layers: fitted, idle, lacking }: FittedAdapter,
  base: ReadableBase,
): string[] {
  const found = [
    ...idlePatterns(adapter),
    ...bareBiases({ config, layers: fitted }, namedModules(base)),
    ...otherFamily(adapter, base),
  ];
  if (adapter.config.fanInFanOut !== config.fanInFanOut)
    found.push(
      config.fanInFanOut
        ? "fan_in_fan_out is not set, but this model's layers are Conv1D: it is set to true"
        : "fan_in_fan_out is set, but this model's layers are linear ones: it is set to false",
    );
  if (idle.length > 0)
    found.push(
      `the adapter also changes ${clip(idle.join(", "))}, which this model's files lack and its vectors do ` +
        "not depend on: kept, and saved again",
    );
  if (lacking.length > 0)
    found.push(
      `the adapter's configuration targets ${lacking.length} of this model's layers that its file has no tensors ` +
        `for, such as ${clip(lacking[0]!)}: they stay as the base has them`,
    );
  return found;
}

/** A module that low-rank updates apply to. */
interface Target {
  readonly kind: AdapterLayer["kind"];
  readonly inFeatures: number;
  readonly outFeatures: number;
  /** `[out, in]` */
  readonly weight: () => Tensor;
}

/** An adapter's file, with the model's names. */
export interface FittedAdapter {
  /** Configuration, with fan_in_fan_out as in PEFT for this model. */
  readonly config: Adapter["config"];
  /** Layers by the model's module paths. */
  readonly layers: Adapter["layers"];
  /** Paths of its layers that the model's files lack: they have no effect, and are written again. */
  readonly idle: readonly string[];
  /** Paths of layers that its configuration targets but its file has no tensors for: they stay the base's. */
  readonly lacking: readonly string[];
  /** Puts it into the graph, trainable or not. Can be called once, since it frees the factors' memory. */
  readonly place: () => AdapterParts;
}

/**
 * Checks that every layer and every other tensor of an adapter fits the model. Returns it with the model's module paths (without a head's
 * prefix such as "bert.").
 * Throws `AdapterError` if one does not fit, `UnsupportedError` for tensors of modules that adapters cannot change here.
 */
function fitAdapter(
  graph: Graph,
  adapter: Adapter,
  modules: AdaptedModules & { readonly modelType: string },
): FittedAdapter {
  const targets = targetsOf(modules);
  const paths = relatePaths([...adapter.layers.keys()], new Set([...targets.keys()].map((path) => `${path}.weight`)));
  const ownPath = (path: string) => (targets.has(path) ? path : paths.toBase(path));
  const layers = new Map<string, AdapterLayer>();
  const idle = new Map<string, AdapterLayer>();
  const absent = new Set(modules.absent);
  for (const [path, layer] of adapter.layers) {
    const own = ownPath(path);
    if (layers.has(own) || idle.has(own))
      throw new AdapterError(
        `adapter: it changes ${clip(own)} twice, once as ${clip(path)}: which counts cannot be told`,
        {
          module: path,
        },
      );
    if (absent.has(own)) idle.set(own, layer);
    else {
      checkLayer(path, layer, targets.get(own));
      layers.set(own, layer);
    }
  }
  const shapes = wholeShapes(modules);
  const { tables, output } = modules;
  const byRows = new Map([...tables, ...(output === undefined ? [] : [output])].map((one) => [one.path, one]));
  const extra = withoutCopies(adapter.extra).map(([name, tensor]) => {
    const inModel = baseTensor(name);
    const isOwn = shapes.has(inModel);
    const [own, ownName] = isOwn ? [inModel, name] : [paths.toBase(inModel), paths.toBase(name)];
    const isCopy =
      name.endsWith(".base_layer.weight") &&
      sameShape(shapes.get(own) ?? [], tensor.shape) &&
      (byRows.get(pathOf(own))?.holds(tensor) ?? false);
    const changesNothing = isOriginal(name) || absent.has(pathOf(own)) || isCopy;
    const shape = isTokenRows(name) && !byRows.has(pathOf(own)) ? undefined : shapes.get(own);
    const rows = changesNothing ? null : takeExtra(name, tensor, own, shape, adapter.config);
    return { name: ownName, tensor, own, rows, changesNothing };
  });
  const own = (isRows: boolean) =>
    new Map(extra.flatMap((one) => (one.changesNothing || (one.rows !== null) !== isRows ? [] : [[one.own, one]])));
  const tokens = new Set([...own(true).keys()].map(pathOf));
  const problem = output?.rowsProblem(layers, own(false), tokens) ?? null;
  if (problem !== null)
    throw new UnsupportedError(`loadAdapter: ${problem}, which is not supported`, {
      op: "loadAdapter",
      option: "trainable_token_indices",
    });
  const config = {
    ...adapter.config,
    fanInFanOut: [...layers.keys()].some((path) => isConv1d(modules.modelType, path)),
  };
  const fitted = { ...adapter, layers, config };
  const place = () => {
    const parts = { ...placed(graph, fitted, extra, targets, shapes, decayTest(modules.norms)), idle };
    for (const { loraA, loraB } of layers.values()) {
      giveBack(loraA.data);
      giveBack(loraB.data);
    }
    return parts;
  };
  const linears = modules.linears
    .filter(({ adaptable }) => adaptable)
    .flatMap(({ parts }) => parts.map(({ path }) => path));
  const known = [...linears, ...modules.tables.map(({ path }) => path)].filter((path) => !layers.has(path));
  const lacking = [
    ...lackingLayers(
      adapter,
      known.flatMap((path) => paths.toAdapter(path) ?? []),
    ),
  ];
  return { config, layers, idle: [...idle.keys()], lacking, place };
}

function targetsOf({ linears, tables }: AdaptedModules): Map<string, Target> {
  const targets = new Map<string, Target>();
  for (const linear of linears.filter(({ adaptable }) => adaptable))
    for (const part of linear.parts) {
      const { inFeatures } = linear;
      const weight = () => linear.partWeight(part);
      targets.set(part.path, { kind: "linear", inFeatures, outFeatures: part.width, weight });
    }
  for (const { path, rows, width } of tables) {
    const weight = () => {
      throw new AdapterError(`loadAdapter: ${path} is a table, from which nothing is taken`, { module: path });
    };
    targets.set(path, { kind: "embedding", inFeatures: rows, outFeatures: width, weight });
  }
  return targets;
}

/** Shapes of the tensors that an adapter may replace, as in files, by the base's names. */
function wholeShapes({ linears, norms, tables }: AdaptedModules): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const { parts, inFeatures, hasBias, adaptable } of linears)
    for (const { path, width } of parts) {
      if (adaptable) shapes.set(`${path}.weight`, [width, inFeatures]);
      if (hasBias) shapes.set(`${path}.bias`, [width]);
    }
  for (const norm of norms) {
    shapes.set(`${norm.path}.weight`, norm.shape);
    if (norm.bias !== null) shapes.set(`${norm.path}.bias`, norm.shape);
  }
  for (const { path, rows, width } of tables) shapes.set(`${path}.weight`, [rows, width]);
  return shapes;
}

function checkLayer(path: string, layer: AdapterLayer, found: Target | undefined): void {
  if (found === undefined) {
    throw new AdapterError(`loadAdapter: the adapter is for ${path}, which this model does not have`, {
      module: path,
    });
  }
  const [a, b] = [layer.loraA.shape, layer.loraB.shape];
  if (a[0] === found.inFeatures && b[1] === found.outFeatures && layer.kind === found.kind) return;
  const kind =
    layer.kind === found.kind ? "" : `, one of ${layer.kind === "linear" ? "a linear layer" : "an embedding"}`;
  throw new AdapterError(
    `loadAdapter: ${path} is ${found.inFeatures} → ${found.outFeatures} here, the adapter's A and B are ${a[0]} → ${b[1]}${kind}`,
    { module: path },
  );
}

interface Extra {
  /** The tensor's name in the file, with the model's path. */
  readonly name: string;
  readonly tensor: Tensor;
  /** The base's name of the tensor that it replaces. */
  readonly own: string;
  /** Indices of the rows that it replaces; null for a whole tensor. */
  readonly rows: readonly number[] | null;
  /** Whether it is unchanged by training, or belongs to a layer that the model's files lack. */
  readonly changesNothing: boolean;
}

/** Indices of the rows that a tensor replaces; null for a whole tensor. Throws if it fits neither. */
function takeExtra(
  name: string,
  tensor: Tensor,
  own: string,
  shape: readonly number[] | undefined,
  config: Adapter["config"],
): readonly number[] | null {
  if (shape === undefined) {
    const advice =
      config.taskType === "SEQ_CLS"
        ? ": it is a classifier's head; `TextClassifier.open` loads adapter and head"
        : config.taskType === "TOKEN_CLS"
          ? ": it is a token classifier's head; `TokenClassifier.open` loads adapter and head"
          : ", which is no linear layer, norm or table that this model looks at";
    throw new UnsupportedError(`loadAdapter: the adapter also holds ${excerpt(name)}${advice}`, {
      extra: [name],
      tensor: name,
    });
  }
  if (!isTokenRows(name)) {
    if (sameShape(shape, tensor.shape)) return null;
    throw new AdapterError(
      `loadAdapter: ${clip(name)} has shape ${formatShape(tensor.shape)}, this model's ${formatShape(shape)}`,
      { tensor: name },
    );
  }
  return rowsOfTable("loadAdapter", { name, shape: tensor.shape }, { path: pathOf(own), shape }, config);
}

/** The path of a tensor's module. */
const pathOf = (tensor: string) => tensor.slice(0, tensor.lastIndexOf("."));

function placed(
  graph: Graph,
  { config, layers }: Adapter,
  extra: readonly Extra[],
  targets: ReadonlyMap<string, Target>,
  shapes: ReadonlyMap<string, readonly number[]>,
  decays: (name: string) => boolean,
): Omit<AdapterParts, "idle"> {
  const variable = (tensor: Tensor) => graph.variable(tensor);
  const nodes = weightsOf(layers, variable);
  if (startsFromBaseWeights(config)) takeAgain(graph, config, nodes, targets);
  const whole = new Map<string, WholeTensor>();
  const tokens = new Map<string, TokenRows>();
  const kept = new Map<string, Tensor>();
  const isSaved = savedWhole(config.modulesToSave);
  for (const { name, tensor, own, rows, changesNothing } of extra) {
    const path = pathOf(own);
    if (changesNothing || whole.has(own)) kept.set(name, tensor);
    else if (rows !== null) tokens.set(path, { indices: rows, rows: variable(tensor), name });
    else {
      const transposed = targets.get(path)?.kind === "linear" && shapes.get(own)!.length === 2;
      const trainable = isSaved(path) || (own.endsWith(".bias") && config.bias !== "none");
      const value = transposed ? transpose(tensor) : tensor;
      const node = trainable ? variable(value) : graph.constant(value);
      whole.set(own, { node, name, transposed, trainable, decays: decays(own) });
    }
  }
  return { config, layers: nodes, whole, tokens, kept };
}

/** PiSSA's and OLoRA's initial A₀ and B₀, recomputed: they depend only on the weights. */
function takeAgain(
  graph: Graph,
  config: Adapter["config"],
  layers: Map<string, AdapterWeights>,
  targets: ReadonlyMap<string, Target>,
): void {
  const factors = baseWeightInit(config);
  for (const [path, weights] of layers) {
    if (weights.kind === "embedding") continue;
    const { a, b } = factors(targets.get(path)!.weight(), weights.rank, weights.scaling);
    layers.set(path, { ...weights, taken: taking(graph, a, b) });
  }
}
