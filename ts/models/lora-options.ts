import { adapterConfig, type AdapterConfig, layerScaling, targetTest } from "../io/peft/index.js";
import { ConfigError } from "../errors.js";
import { excerpt } from "../excerpt.js";
import type { Graph } from "../graph/graph.js";
import { kaimingInit, type LoraInit } from "../nn/init.js";
import { initialMagnitude } from "../nn/dora.js";
import { checkOptions } from "../options.js";
import { flag } from "../settings.js";
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
   * Default query, key and value.
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

const OPTIONS: readonly (keyof LoraOptions)[] = [
  ...(["rank", "alpha", "targetModules", "rslora", "dora", "dropout", "init"] as const),
];

/** Makes an adapter on the layers that the options target. Throws `ConfigError` where they target none. */
export function createAdapter(
  graph: Graph,
  name: string,
  linears: readonly AdaptedLinear[],
  base: string,
  options: LoraOptions,
): ModelAdapter {
  checkOptions("addAdapter", options, OPTIONS);
  const {
    rank = 8,
    alpha = 16,
    targetModules = ["query", "key", "value"],
    rslora = false,
    dora = false,
    dropout = 0,
  } = options;
  const names: readonly unknown[] = typeof targetModules === "string" ? [targetModules] : targetModules;
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new ConfigError(`addAdapter: targetModules is a list of names or a pattern, got ${excerpt(targetModules)}`);
  }
  flag("addAdapter", "rslora", rslora);
  flag("addAdapter", "dora", dora);
  const { init } = resolveLoraConfig({ rank, alpha, dropout, init: options.init ?? kaimingInit() });
  const config: AdapterConfig = adapterConfig({
    r: rank,
    loraAlpha: alpha,
    targetModules,
    useRslora: rslora,
    useDora: dora,
    loraDropout: dropout,
    baseModelNameOrPath: base,
  });
  const isTarget = targetTest(config);
  const layers = new Map<string, AdapterWeights>();
  for (const linear of linears) {
    for (const part of linear.parts) {
      if (!isTarget(part.path)) continue;
      const scale = layerScaling(config, part.path);
      const shape = { inFeatures: linear.inFeatures, outFeatures: part.width, rank: scale.rank };
      const update = { ...initialLowRank(graph, init, shape), scaling: scale.scaling };
      const magnitude = dora ? initialMagnitude(graph, () => linear.columns(part), update) : null;
      layers.set(part.path, { ...update, ...scale, magnitude });
    }
  }
  if (layers.size === 0) {
    const names = linears.flatMap((linear) => linear.parts.map(({ path }) => path)).slice(0, 6);
    throw new ConfigError(
      `addAdapter: targetModules ${JSON.stringify(targetModules)} matches no linear layer; there are ${names.join(", ")}, …`,
      { targetModules },
    );
  }
  return new ModelAdapter(graph, name, config, layers);
}
