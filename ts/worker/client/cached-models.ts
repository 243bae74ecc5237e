import { checkOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import type { ModelFiles } from "../../io/page/file-origin.js";
import type { CacheOptions } from "../../io/page/cache-model.js";
import { askToPersist } from "../../io/page/storage.js";
import type { CachedModelInfo } from "../../io/page/cached-model.js";
import { functions } from "../calls.js";
import type { WorkerCachedModel } from "./known-objects.js";
import { ask, type InWorker } from "./shared-worker.js";

/**
 * Caches a model's files in this browser; see `cacheModel` in `lowrank`. A worker fetches or copies them, so their bytes do not pass through
 * the page. URLs are relative to the page.
 *
 * @example
 * const encoder = await SentenceEncoder.load(await cacheModel("/models/all-MiniLM-L6-v2"));
 */
export async function cacheModel(from: ModelFiles, options: CacheOptions & InWorker = {}): Promise<WorkerCachedModel> {
  return (await ask("cacheModel", functions.cacheModel, options, (rest) => {
    if ((Object(rest) as CacheOptions).persist === true) askToPersist();
    return [from, rest];
  })) as WorkerCachedModel;
}

/** A cached model by its name, as `cachedModels` lists it; null if there is none, or it is incomplete. */
export async function cachedModel(name: string, options: InWorker = {}): Promise<WorkerCachedModel | null> {
  text("cachedModel", "name", name);
  checkOptions("cachedModel", options, ["worker"]);
  return (await ask("cachedModel", functions.cachedModel, options, () => [name])) as WorkerCachedModel | null;
}

/** The models cached in this browser, complete or not, sorted by name. */
export async function cachedModels(options: InWorker = {}): Promise<CachedModelInfo[]> {
  checkOptions("cachedModels", options, ["worker"]);
  return (await ask("cachedModels", functions.cachedModels, options, () => [])) as CachedModelInfo[];
}

/**
 * Removes cached models, incomplete ones too.
 *
 * @param options.name of one model; default: all
 * @returns the bytes freed
 */
export async function clearCache(options: { readonly name?: string } & InWorker = {}): Promise<number> {
  return (await ask("clearCache", functions.clearCache, options, (rest) => [rest])) as number;
}
