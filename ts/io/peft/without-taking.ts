import { loraScaling } from "../../values/lora-scaling.js";
import type { Adapter, AdapterLayer } from "./adapter.js";
import type { AdapterConfig } from "./config/config.js";

/**
 * An adapter whose layers have A, A₀ and B, −B₀ behind each other, where the configuration still speaks of A and B alone: as an
 * ordinary one of twice the rank with the same scaling, as PEFT converts PiSSA's and OLoRA's
 * (`path_initial_model_for_weight_conversion`).
 */
export function withoutTaking({ config, layers, extra }: Adapter): Adapter {
  const alpha = config.useRslora ? Math.SQRT2 : 2;
  const times = (factor: number, values: ReadonlyMap<string, number>) =>
    new Map([...values].map(([name, value]) => [name, factor * value]));
  // A module that PiSSA does not begin on, an embedding, has its rank; so each has its own where they differ.
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
  // By the layer and not by its path, which patterns may know under another prefix.
  const relabelled = [...layers].map(([path, layer]): [string, AdapterLayer] => {
    const both = layer.loraA.shape[1] !== layer.rank;
    const [rank, own] = both ? [2 * layer.rank, alpha * layer.alpha] : [layer.rank, layer.alpha];
    return [path, { ...layer, rank, alpha: own, scaling: loraScaling(own, rank, config.useRslora) }];
  });
  return { config: converted, layers: new Map(relabelled), extra };
}
