import { adapterConfig, type AdapterConfig, layerScaling, targetTest } from "../io/peft/index.js";
import { namesFrom } from "../arguments/collections.js";
import { ConfigError } from "../errors/errors.js";
import { excerpt } from "../errors/excerpt.js";
import type { Graph } from "../graph/graph.js";
import { kaimingInit, type LoraInit } from "../nn/init.js";
import { initialMagnitude } from "../nn/dora.js";
import { checkOptions } from "../arguments/options.js";
import { flag } from "../arguments/settings.js";
import { resolveLoraConfig } from "../nn/lora-config.js";
import { initialLowRank } from "../nn/low-rank-update.js";
import type { AdaptedLinear } from "./adapted-linear.js";
import { type AdapterWeights, ModelAdapter } from "./model-adapter.js";

/** A new adapter on a model. */
export interface LoraOptions {
  /** Default 8. */
  readonly rank?: number;
  /** Numerator of the scaling; default 16. */
  readonly alpha?: number;
  /**
   * Modules to adapt: names that module paths end in, a regular expression for whole paths, or "all-linear".
   * Default query, key and value, as the model calls them.
   */
  readonly targetModules?: readonly string[] | string;
  /** Scaling α/√r; default false. */
  readonly rslora?: boolean;
  /** Weight-decomposed; default false. */
  readonly dora?: boolean;
  /** Dropout on the adapters' input in training; default 0. */
  readonly dropout?: number;
  /** Initial A and B; default `kaimingInit()`, which is PEFT's. */
  readonly init?: LoraInit;
}

/** Names of the options. */
export const LORA_OPTIONS: readonly (keyof LoraOptions)[] = [
  ...(["rank", "alpha", "targetModules", "rslora", "dora", "dropout", "init"] as const),
];

/**
 * The options with their defaults, read once. Throws `ConfigError` for what makes no sense.
 *
 * @param defaultTargets what is adapted where nothing else is said
 */
export function resolveLoraOptions(
  what: string,
  options: LoraOptions,
  defaultTargets: readonly string[],
): { config: AdapterConfig; init: LoraInit } {
  checkOptions(what, options, LORA_OPTIONS);
  const { rank = 8, alpha = 16, targetModules = defaultTargets, rslora = false, dora = false } = options;
  const { dropout = 0, init = kaimingInit() } = options;
  const targets =
    typeof targetModules === "string"
      ? targetModules
      : namesFrom(`${what}: targetModules is a list of names or a pattern`, targetModules);
  flag(what, "rslora", rslora);
  flag(what, "dora", dora);
  const resolved = resolveLoraConfig({ rank, alpha, dropout, init });
  const config = adapterConfig({
    ...{ r: rank, loraAlpha: alpha, targetModules: targets },
    ...{ useRslora: rslora, useDora: dora, loraDropout: dropout },
  });
  return { config, init: resolved.init };
}

/** What a new adapter takes from the model that it is made for. */
export interface AdapterBase {
  readonly linears: readonly AdaptedLinear[];
  /** The base's name, which the adapter records. */
  readonly name: string;
  /** Modules that are adapted where nothing else is said. */
  readonly targetModules: readonly string[];
}

/** Makes an adapter on the layers that the options target. Throws `ConfigError` where they target none. */
export function createAdapter(
  graph: Graph,
  name: string,
  base: AdapterBase,
  options: LoraOptions,
  what = "addAdapter",
): ModelAdapter {
  const { linears } = base;
  const { config: resolved, init } = resolveLoraOptions(what, options, base.targetModules);
  const config: AdapterConfig = { ...resolved, baseModelNameOrPath: base.name };
  const isTarget = targetTest(config);
  const layers = new Map<string, AdapterWeights>();
  for (const linear of linears) {
    for (const part of linear.parts) {
      if (!isTarget(part.path)) continue;
      const scale = layerScaling(config, part.path);
      const shape = { inFeatures: linear.inFeatures, outFeatures: part.width, rank: scale.rank };
      const update = { ...initialLowRank(graph, init, shape), scaling: scale.scaling };
      const magnitude = config.useDora ? initialMagnitude(graph, () => linear.columns(part), update) : null;
      layers.set(part.path, { ...update, ...scale, magnitude });
    }
  }
  if (layers.size === 0) {
    const names = linears.flatMap((linear) => linear.parts.map(({ path }) => path)).slice(0, 6);
    throw new ConfigError(
      `${what}: targetModules ${excerpt(config.targetModules)} matches no linear layer; there are ${names.join(", ")}, …`,
      { targetModules: config.targetModules },
    );
  }
  return new ModelAdapter(graph, name, config, layers);
}
