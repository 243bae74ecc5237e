import { loraScaling } from "../../values/lora-scaling.js";
import type { Adapter, AdapterLayer } from "./adapter.js";
import type { AdapterConfig } from "./config/config.js";

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
  const own = (field: "rank" | "alpha") =>
    ordinary.map(([path, layer]) => [path.replace(/[^\w]/g, "\\$&"), layer[field]] as const);
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
