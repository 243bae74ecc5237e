import { likelyName } from "../arguments/options.js";
import { ConfigError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import type { Graph, NodeId } from "../graph/graph.js";
import { type AdapterConfig, layerScalings, savedWhole, targetTest, tokenRows } from "../io/peft/index.js";
import { isConv1d } from "../io/peft/conv1d.js";
import { bareBiases, idleExclusion, idlePatterns } from "../io/peft/check.js";
import { initialLowRank, initialMagnitude } from "../nn/low-rank-update.js";
import { embeddingInit } from "../nn/lora-embedding.js";
import { type Tensor, zeros } from "../values/tensor.js";
import type { AdaptedLinear, LinearPart } from "./adapted-linear.js";
import { type AdaptedModules, type AdapterBase, namedModules } from "./adapter-base.js";
import { decayTest } from "./adapted-norm.js";
import { type LoraOptions, type ResolvedLoraOptions, resolveLoraOptions } from "./lora-options.js";
import { ModelAdapter } from "./model-adapter.js";
import { isAllLinear } from "../io/peft/targets.js";
import { type AdapterWeights, factorsOf, type TokenRows, type WholeTensor } from "./adapter-parts.js";

/**
 * Makes an adapter on the layers that the options target. Throws `ConfigError` if they target none, or name unknown modules.
 */
export function createAdapter(
  graph: Graph,
  name: string,
  base: AdapterBase,
  options: LoraOptions,
  what = "addAdapter",
): ModelAdapter {
  const { tables, output } = base;
  const resolved = resolveLoraOptions(what, options, base.targetModules);
  const config: AdapterConfig = { ...withoutAbsent(resolved.config, base), baseModelNameOrPath: base.name };
  const layers = newLayers(graph, base, { ...resolved, config }, what);
  const tokens = newTokens(graph, base, config, what);
  const whole = newWhole(graph, base, config, new Set(layers.keys()), what);
  for (const path of tokens.keys())
    if (whole.has(`${path}.weight`))
      throw new ConfigError(
        `${what}: ${path} is trained as a whole by modulesToSave, and rows of it by trainableTokenIndices; leave one out`,
        { op: what, option: "trainableTokenIndices", module: path },
      );
  const both = tables.find(({ path }) => tokens.has(path) && layers.has(path))?.path;
  const problem =
    both === undefined
      ? (output?.rowsProblem(layers, whole, tokens) ?? null)
      : `${both} is targeted by targetModules and by trainableTokenIndices`;
  if (problem !== null)
    throw new ConfigError(`${what}: ${problem}; leave one out`, { op: what, option: "trainableTokenIndices" });
  const paths = [...layers.keys(), ...base.absent].map((path) => [path, null] as const);
  const asked = { config: resolved.config, layers: new Map(paths) };
  const modules = namedModules(base);
  for (const doubt of [
    ...idlePatterns(asked),
    ...idleExclusion(resolved.config, modules),
    ...bareBiases(asked, modules),
  ])
    console.warn(`lowrank: ${what}: ${doubt}`);
  const fanInFanOut = [...layers.keys()].some((path) => isConv1d(base.modelType, path));
  const own = { ...config, fanInFanOut };
  return new ModelAdapter(graph, name, { config: own, layers, whole, tokens, kept: new Map(), idle: new Map() });
}

/** The configuration with layers excluded that the model's files lack: PEFT would create them, with random weights. */
function withoutAbsent(config: AdapterConfig, { linears, norms, tables, absent }: AdapterBase): AdapterConfig {
  const { excludeModules: given, modulesToSave: named } = config;
  const paths = [...linears.flatMap(({ parts }) => parts), ...norms, ...tables].map(({ path }) => path);
  // A name at the end of one such path also matches the others.
  const saved = named?.flatMap((name) => {
    const others = absent.some(savedWhole([name])) ? paths.filter(savedWhole([name])) : [];
    return others.length === 0 ? [name] : others;
  });
  const modulesToSave = saved ?? null;
  const left = absent.filter(targetTest({ ...config, modulesToSave }));
  const ends = left.map((path) => `(?:.*\\.)?${path.replaceAll(".", "\\.")}`);
  const excludeModules = typeof given === "string" ? [`(?:${given})`, ...ends].join("|") : [...(given ?? []), ...left];
  return { ...config, modulesToSave, ...(left.length === 0 ? {} : { excludeModules }) };
}

function newLayers(
  graph: Graph,
  { linears, tables, output }: AdapterBase,
  { config, init, taking }: ResolvedLoraOptions,
  what: string,
): Map<string, AdapterWeights> {
  const isTarget = targetTest(config);
  const scalingOf = layerScalings(config);
  const layers = new Map<string, AdapterWeights>();
  // A linear layer also has its weight as files do, `[out, in]`.
  const add = (
    path: string,
    inFeatures: number,
    width: number,
    weight: () => NodeId,
    fileWeight: (() => Tensor) | null,
  ) => {
    const scale = scalingOf(path);
    const shape = { inFeatures, outFeatures: width, rank: scale.rank };
    const begun = fileWeight === null || taking === null ? null : factorsOf(graph, fileWeight(), scale, taking);
    const factors = begun ?? {
      ...initialLowRank(graph, fileWeight === null ? embeddingInit() : init, shape),
      taken: null,
    };
    const update = { ...factors, scaling: scale.scaling };
    // A₀·B₀ is subtracted and added again, so the weight and its norms, the magnitudes, stay.
    const still = begun === null ? update : { ...update, scaling: 0 };
    const magnitude = config.useDora ? initialMagnitude(graph, weight, still) : null;
    const bias = config.loraBias && fileWeight !== null ? graph.variable(zeros([width])) : null;
    layers.set(path, { kind: fileWeight === null ? "embedding" : "linear", ...update, ...scale, magnitude, bias });
  };
  const allLinear = isAllLinear(config.targetModules);
  for (const linear of linears.filter((one) => one.adaptable && !(allLinear && one === output)))
    for (const part of linear.parts)
      if (isTarget(part.path)) {
        const weight = () => linear.columns(part);
        add(part.path, linear.inFeatures, part.width, weight, () => linear.partWeight(part));
      }
  for (const table of allLinear ? [] : tables) {
    if (!isTarget(table.path)) continue;
    if (config.loraBias)
      throw new ConfigError(`${what}: loraBias is for linear layers, and targetModules has ${table.path}`, {
        op: what,
        option: "loraBias",
        module: table.path,
      });
    add(table.path, table.rows, table.width, () => graph.columns(table.table, 0, table.width), null);
  }
  if (layers.size === 0) {
    const paths = linears.flatMap((linear) => linear.parts.map(({ path }) => path));
    checkLayers(config, paths, what);
    const { targetModules } = config;
    const names = paths.slice(0, 6).join(", ");
    throw new ConfigError(
      `${what}: targetModules ${excerpt(targetModules)} matches no linear layer${whyNone(config, paths)}; there are ${names}, …`,
      { op: what, option: "targetModules", value: targetModules, targetModules },
    );
  }
  return layers;
}

/** Common mistakes in choosing modules, if this may be one. */
function whyNone(config: AdapterConfig, paths: readonly string[]): string {
  const { targetModules: given } = config;
  if (paths.some(targetTest({ ...config, excludeModules: null }))) return " that excludeModules leaves";
  if (typeof given === "string") return " (a string is a regular expression for whole paths; names stand in a list)";
  return given?.includes("all-linear") ? ' ("all-linear" is for itself, not in a list)' : "";
}

/** Throws `ConfigError` if only the layer indices exclude all modules. */
function checkLayers(config: AdapterConfig, paths: readonly string[], what: string): void {
  const { layersToTransform, layersPattern } = config;
  const anywhere = paths.filter(targetTest({ ...config, layersToTransform: null, layersPattern: null }));
  const numbers = anywhere.flatMap((path) => /(?:^|\.)(\d+)\./.exec(path)?.[1] ?? []).map(Number);
  if (layersToTransform === null || numbers.length === 0) return;
  const last = numbers.reduce((most, number) => Math.max(most, number), 0);
  const asked = [layersToTransform].flat();
  const [within, such] =
    layersPattern !== null
      ? [` in ${excerpt(layersPattern)}`, `, such as that of ${anywhere[0]!}`]
      : // As in PEFT, which looks for a stack of any name behind another name alone.
        ["", numbers.some((number) => asked.includes(number)) ? `; ${anywhere[0]!} needs layersPattern` : ""];
  throw new ConfigError(
    `${what}: layersToTransform: layers ${asked.join(", ")}${within}: the model has layers 0 to ${last}${such}`,
    { op: what, option: "layersToTransform", value: layersToTransform, expected: `0 to ${last}` },
  );
}

function newWhole(
  graph: Graph,
  { linears, norms, tables }: AdapterBase,
  { bias, modulesToSave }: AdapterConfig,
  adapted: ReadonlySet<string>,
  what: string,
): Map<string, WholeTensor> {
  const whole = new Map<string, WholeTensor>();
  const isSaved = savedWhole(modulesToSave);
  const decays = decayTest(norms);
  const add = (name: string, value: Parameters<Graph["variable"]>[0], transposed = false, inFile = name) =>
    void whole.set(name, {
      node: graph.variable(value),
      name: inFile,
      transposed,
      trainable: true,
      decays: decays(name),
    });
  const trainsBias = (path: string) => bias === "all" || (bias === "lora_only" && adapted.has(path));
  for (const linear of linears) {
    for (const part of linear.parts) {
      const { path } = part;
      const inFile = adapted.has(path) ? `${path}.base_layer` : path;
      if (isSaved(path) && !linear.adaptable)
        throw new ConfigError(
          `${what}: modulesToSave names ${path}, a convolution, which is not supported; leave it out`,
          {
            op: what,
            option: "modulesToSave",
            module: path,
          },
        );
      if (isSaved(path)) add(`${path}.weight`, columnsOf(graph, linear, part), true);
      if (linear.hasBias && (isSaved(path) || trainsBias(path)))
        add(`${path}.bias`, linear.partBias(part), false, `${inFile}.bias`);
    }
  }
  for (const norm of norms) {
    const saved = isSaved(norm.path);
    if (saved) add(`${norm.path}.weight`, graph.value(norm.weight));
    if (norm.bias !== null && (saved || bias === "all")) add(`${norm.path}.bias`, graph.value(norm.bias));
  }
  for (const { path, table } of tables) if (isSaved(path)) add(`${path}.weight`, graph.value(table));
  for (const name of modulesToSave ?? []) {
    const isThis = savedWhole([name]);
    if ([...whole.keys()].some((tensor) => isThis(tensor.slice(0, tensor.lastIndexOf("."))))) continue;
    const modules = [...linears.flatMap(({ parts }) => parts), ...norms, ...tables];
    throw new ConfigError(
      `${what}: modulesToSave names ${excerpt(name)}, which this model does not have${hintFor(name, modules)}`,
      { op: what, option: "modulesToSave", value: name },
    );
  }
  return whole;
}

/** The heads that PEFT trains for these tasks, by their names in transformers. */
const heads = ["classifier", "score"];

/** A likely module for a name in `modulesToSave`: any kind of module may be named. */
function hintFor(name: string, modules: readonly { readonly path: string }[]): string {
  if (heads.includes(name)) return ": a classifier's head is trained along without being named, leave it out";
  const ends = [...new Set(modules.map(({ path }) => path.slice(path.lastIndexOf(".") + 1)))];
  const meant = likelyName(name, ends);
  return `${meant === undefined ? "" : `; did you mean "${meant}"?`}; there are modules that end in ${ends.slice(0, 16).join(", ")}`;
}

const columnsOf = (graph: Graph, linear: AdaptedLinear, part: LinearPart) =>
  graph.step(() => graph.value(linear.columns(part)));

/** A module with a row for each token: an embedding table, or the output layer. */
interface RowModule {
  readonly path: string;
  readonly rows: number;
  readonly width: number;
  /** Current rows, `[indices, width]`. */
  rowsOf(indices: readonly number[]): Tensor;
}

/** The rows that a configuration trains, initialised to the base's, by the module's path. Throws `ConfigError` for rows that do not exist. */
function newTokens(
  graph: Graph,
  { tables, output }: AdaptedModules,
  { trainableTokenIndices: wanted }: AdapterConfig,
  what: string,
): Map<string, TokenRows> {
  const found = new Map<string, TokenRows>();
  if (wanted === null) return found;
  const known: readonly RowModule[] = output === undefined ? tables : [...tables, output];
  const lists = wanted instanceof Map ? [...(wanted as ReadonlyMap<string, readonly number[]>)] : null;
  const fail = (problem: string) =>
    new ConfigError(`${what}: trainableTokenIndices: ${problem}`, { op: what, option: "trainableTokenIndices" });
  const chosen = new Map<string, readonly number[]>();
  for (const [name, indices] of lists ?? [[tables[0]?.path ?? "", wanted as readonly number[]] as const]) {
    const module = known.find(({ path }) => path === name || path.endsWith(`.${name}`));
    if (module === undefined)
      throw fail(`there is no table ${excerpt(name)}; there are ${clip(known.map(({ path }) => path).join(", "))}`);
    const { path, rows } = module;
    if (indices.length === 0) throw fail(`${path} has no rows; name some or leave it out`);
    const outside = indices.find((row) => row >= rows);
    if (outside !== undefined) throw fail(`${path} has rows 0 to ${rows - 1}, got ${outside}`);
    if (new Set(indices).size < indices.length) throw fail(`a row of ${path} is listed twice`);
    chosen.set(path, indices);
  }
  output?.leaveToTable(chosen);
  for (const [path, indices] of chosen) {
    const rows = graph.variable(known.find((module) => module.path === path)!.rowsOf(indices));
    found.set(path, { indices: [...indices], rows, name: tokenRows(path) });
  }
  return found;
}
