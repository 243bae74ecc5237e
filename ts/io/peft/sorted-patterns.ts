import { type AdapterLayer, layerScalings } from "./adapter.js";
import type { AdapterConfig } from "./config/config.js";
import { byName } from "../safetensors/write.js";

/** A regular expression that a module's path alone matches. */
export const exactly = (path: string) => path.replace(/[^\w]/g, "\\$&");

const sorted = (patterns: ReadonlyMap<string, number>) => new Map([...patterns].sort(([a], [b]) => byName(a, b)));

/**
 * The configuration with patterns whose order does not matter: the first that fits counts, and PEFT's file has them sorted by name. Where
 * that would give a layer another rank or α, each layer has a pattern of its own.
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
