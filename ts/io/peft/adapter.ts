import { checkRecord, oneOf, unexpected } from "../../arguments/settings.js";
import { AdapterError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { loraScaling } from "../../values/lora-scaling.js";
import { checkTensor, formatShape, type Tensor } from "../../values/tensor.js";
import { type AdapterConfig, takeConfig } from "./config.js";
import { isAllLinear, NameEnds, pathPattern, patternValues, targetTest } from "./targets.js";

/** The adaptation of one module: y = x·W + (x·A)·B·scaling. */
export interface AdapterLayer {
  /** "embedding" if x is a row index, which selects a row of A. */
  readonly kind: "linear" | "embedding";
  /** `[in, rank]`, the transpose of the file's. */
  readonly loraA: Tensor;
  /** `[rank, out]`, the transpose of the file's. */
  readonly loraB: Tensor;
  /** B's bias `[out]`, with `loraBias`. It is scaled as the product is. */
  readonly bias?: Tensor;
  /** DoRA's magnitude `[out]`, with `useDora`. */
  readonly magnitude?: Tensor;
  /** Columns of A and rows of B. */
  readonly rank: number;
  /** α, the numerator of the scaling. */
  readonly alpha: number;
  /** α/rank, or α/√rank with rank-stabilised LoRA. */
  readonly scaling: number;
}

/** A LoRA adapter without a model: the contents of PEFT's files. */
export interface Adapter {
  /** The contents of adapter_config.json. */
  readonly config: AdapterConfig;
  /** Layers by module path in the model, such as "encoder.layer.0.attention.self.query". */
  readonly layers: ReadonlyMap<string, AdapterLayer>;
  /** Tensors that were trained as a whole: biases and modules_to_save, by their names in the file without "base_model.model.". */
  readonly extra: ReadonlyMap<string, Tensor>;
}

type ScalingFields = Pick<AdapterConfig, "r" | "loraAlpha" | "rankPattern" | "alphaPattern" | "useRslora">;

/** Rank, α and scaling of a module. */
export interface LayerScaling {
  readonly rank: number;
  readonly alpha: number;
  readonly scaling: number;
}

/** Rank, α and scaling of modules by a configuration, whose patterns are read once. */
export function layerScalings(config: ScalingFields): (path: string) => LayerScaling {
  const [rankOf, alphaOf] = [patternValues(config.rankPattern), patternValues(config.alphaPattern)];
  return (path) => {
    const rank = rankOf(path) ?? config.r;
    const alpha = alphaOf(path) ?? config.loraAlpha;
    return { rank, alpha, scaling: loraScaling(alpha, rank, config.useRslora) };
  };
}

function checkLayer(config: AdapterConfig, wanted: LayerScaling, path: string, layer: AdapterLayer): void {
  const { loraA, loraB, bias, magnitude, rank } = layer;
  const fail = (problem: string) => new AdapterError(`adapter: ${clip(path)}: ${problem}`, { module: path });
  const [a, b] = [loraA.shape, loraB.shape];
  if (a.length !== 2 || b.length !== 2)
    throw fail(
      `expected lora_A and lora_B of two dimensions, got ${formatShape(a)} and ${formatShape(b)} (convolutions are not supported)`,
    );
  if (a[1] !== b[0])
    throw fail(
      `lora_A has rank ${a[1]} (${formatShape([...a].reverse())} in the file) but lora_B ${b[0]} (${formatShape([...b].reverse())}); is one of them transposed?`,
    );
  if (a[1] !== wanted.rank) throw fail(`the configuration gives it rank ${wanted.rank}, its tensors have ${a[1]}`);
  if (!Number.isFinite(Math.fround(wanted.scaling)))
    throw fail(`expected a scaling that float32 can hold, got ${wanted.scaling} of α ${wanted.alpha}`);
  if (rank !== wanted.rank || layer.alpha !== wanted.alpha || layer.scaling !== wanted.scaling)
    throw fail(
      `rank ${excerpt(rank)}, α ${excerpt(layer.alpha)}, scaling ${excerpt(layer.scaling)} are not the configuration's ${wanted.rank}, ${wanted.alpha}, ${wanted.scaling}`,
    );
  for (const [name, part, wants] of [
    ["use_dora", magnitude, config.useDora],
    ["lora_bias", bias, config.loraBias],
  ] as const) {
    const what = name === "use_dora" ? "magnitude vector" : "bias of lora_B";
    if (wants !== (part !== undefined))
      throw fail(wants ? `${name} is set, but there is no ${what}` : `there is a ${what}, but ${name} is not set`);
    if (part && (part.shape.length !== 1 || part.shape[0] !== b[1]))
      throw fail(`expected a ${what} of shape [${b[1]}], got ${formatShape(part.shape)}`);
  }
}

/**
 * Checks that layers and configuration agree: each layer is targeted, complete, and has the configuration's rank and scaling. Throws
 * `AdapterError`.
 */
export function checkLayers({ config, layers }: Adapter): void {
  if (layers.size === 0)
    throw new AdapterError("adapter: it has no LoRA layers", { op: "adapter", option: "layers", length: 0 });
  const isTarget = targetTest(config);
  const scalingOf = layerScalings(config);
  // PEFT removes the output layer from the list if it is adapted as the table to which it is tied.
  const ensured = config.other.get("ensure_weight_tying") === true;
  const isTied = (path: string) => ensured && !/\.\d+\./.test(path);
  for (const [path, layer] of layers) {
    if (!isTarget(path) && !isTied(path))
      throw new AdapterError(
        `adapter: the tensors hold ${clip(path)}, which the configuration does not target (target_modules ${excerpt(config.targetModules)})`,
        { module: path },
      );
    checkLayer(config, scalingOf(path), path, layer);
  }
}

const looksLikeEmbedding = /(^|[._])(embed(ding)?s?|embed_\w+|wte|wpe)\b|_embeddings?$/;

/**
 * Modules that an adapter's configuration targets but its file has no layer for. Outside the stack of layers, such a module may belong to a
 * part that the adapted model did not have (a pooler, a pretraining head); within the stack all layers are alike.
 * @param modules paths as in the adapter
 */
export function* lackingLayers(
  { config, layers }: Pick<Adapter, "config" | "layers">,
  modules: Iterable<string>,
): Generator<string> {
  const isTarget = targetTest(config);
  const { targetModules } = config;
  const allLinear = isAllLinear(targetModules);
  // Target names that match an adapted module.
  const listed = new NameEnds(typeof targetModules === "string" ? [] : targetModules);
  const used = new NameEnds([...layers.keys()].flatMap((path) => [...listed.of(path)]));
  const mayBeAbsent = (path: string) => !/\.\d+\./.test(path) && (typeof targetModules === "string" || used.has(path));
  for (const path of modules) {
    if (layers.has(path) || !isTarget(path) || mayBeAbsent(path)) continue;
    if (allLinear && looksLikeEmbedding.test(path)) continue;
    yield path;
  }
}

/** The message about such a module. */
export const lackingLayer = (path: string) =>
  new AdapterError(`adapter: the configuration targets ${clip(path)}, but the file has no tensors for it`, {
    module: path,
  });

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

/**
 * Converts an adapter with A, A₀ and B, −B₀ in its layers, but a configuration for A and B alone, to an ordinary one of twice the rank with
 * the same scaling, as PEFT converts PiSSA's and OLoRA's (`path_initial_model_for_weight_conversion`).
 */
export function convertPissa({ config, layers, extra }: Adapter): Adapter {
  const alpha = config.useRslora ? Math.SQRT2 : 2;
  const times = (factor: number, values: ReadonlyMap<string, number>) =>
    new Map([...values].map(([name, value]) => [name, factor * value]));
  // A module that PiSSA does not initialise, an embedding, keeps its rank; where ranks differ, patterns list it.
  const ordinary = [...layers].filter(([, { rank, loraA }]) => loraA.shape[1] === rank);
  const own = (field: "rank" | "alpha") => ordinary.map(([path, layer]) => [pathPattern(path), layer[field]] as const);
  const converted: AdapterConfig = {
    ...config,
    r: 2 * config.r,
    loraAlpha: alpha * config.loraAlpha,
    rankPattern: new Map([...own("rank"), ...times(2, config.rankPattern)]),
    alphaPattern: new Map([...own("alpha"), ...times(alpha, config.alphaPattern)]),
    initLoraWeights: true,
  };
  // By the layer, not by its path, which patterns may match with another prefix.
  const relabelled = [...layers].map(([path, layer]): [string, AdapterLayer] => {
    const both = layer.loraA.shape[1] !== layer.rank;
    const [rank, own] = both ? [2 * layer.rank, alpha * layer.alpha] : [layer.rank, layer.alpha];
    return [path, { ...layer, rank, alpha: own, scaling: loraScaling(own, rank, config.useRslora) }];
  });
  return { config: converted, layers: new Map(relabelled), extra };
}
