import { type AdapterLayer, layerScalings } from "./adapter.js";
import type { AdapterConfig } from "./config/config.js";
import { byName } from "../safetensors/write.js";

/** A regular expression that matches only one module's path. */
export const exactly = (path: string) => path.replace(/[^\w]/g, "\\$&");

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
