import { AdapterError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Adapter } from "./adapter.js";
import { NameEnds } from "./paths/name-ends.js";
import { isAllLinear, targetTest } from "./paths/targets.js";

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
