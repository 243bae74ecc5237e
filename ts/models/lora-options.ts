import { adapterConfig, type AdapterConfig, targetTest } from "../io/peft/index.js";
import { ConfigError } from "../errors.js";
import type { Graph } from "../graph/graph.js";
import { kaimingInit, type LoraInit } from "../nn/init.js";
import { loraScaling, resolveLoraConfig } from "../nn/lora-config.js";
import { columnNorms } from "../nn/dora.js";
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

/** Makes an adapter on the layers that the options target. Throws `ConfigError` where they target none. */
export function createAdapter(
  graph: Graph,
  name: string,
  linears: readonly AdaptedLinear[],
  base: string,
  options: LoraOptions,
): ModelAdapter {
  const {
    rank = 8,
    alpha = 16,
    targetModules = ["query", "key", "value"],
    rslora = false,
    dora = false,
    dropout = 0,
  } = options;
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
  const scaling = loraScaling(alpha, rank, rslora);
  const layers = new Map<string, AdapterWeights>();
  for (const linear of linears) {
    for (const part of linear.parts) {
      if (!isTarget(part.path)) continue;
      const { a, b } = init(graph, { inFeatures: linear.inFeatures, outFeatures: part.width, rank });
      const [loraA, loraB] = [graph.variable(a), graph.variable(b)];
      const norms = () => graph.value(columnNorms(graph, linear.columns(part), loraA, loraB, scaling));
      const magnitude = dora ? graph.variable(graph.step(norms)) : null;
      layers.set(part.path, { loraA, loraB, magnitude, rank, alpha, scaling });
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
