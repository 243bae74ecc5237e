import { checkOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import type { ModelFiles } from "../../io/page/file-origin.js";
import type { KeepOptions } from "../../io/page/keep-model.js";
import { askToPersist } from "../../io/page/persist.js";
import type { KeptModelInfo } from "../../io/page/kept-model.js";
import { functions } from "../calls.js";
import type { WorkerKeptModel } from "./kept-there.js";
import { ask, type InWorker } from "./shared-worker.js";

/**
 * A model's files, kept in this browser; see `keepModel` in `lowrank`. A worker fetches or copies them, so that none of their bytes
 * goes through the page. Relative addresses begin from the page's.
 *
 * @example
 * const encoder = await SentenceEncoder.load(await keepModel("/models/all-MiniLM-L6-v2"));
 */
export async function keepModel(from: ModelFiles, options: KeepOptions & InWorker = {}): Promise<WorkerKeptModel> {
  return (await ask("keepModel", functions.keepModel, options, (rest) => {
    if ((Object(rest) as KeepOptions).persist === true) askToPersist();
    return [from, rest];
  })) as WorkerKeptModel;
}

/** A model that this browser keeps, by the name that `keptModels` gives; null where there is none, or not all of it. */
export async function keptModel(name: string, options: InWorker = {}): Promise<WorkerKeptModel | null> {
  text("keptModel", "name", name);
  checkOptions("keptModel", options, ["worker"]);
  return (await ask("keptModel", functions.keptModel, options, () => [name])) as WorkerKeptModel | null;
}

/** The models that this browser keeps, whole and begun, by name. */
export async function keptModels(options: InWorker = {}): Promise<KeptModelInfo[]> {
  checkOptions("keptModels", options, ["worker"]);
  return (await ask("keptModels", functions.keptModels, options, () => [])) as KeptModelInfo[];
}

/**
 * Removes models that this browser keeps, and parts of such; gives the bytes that they took.
 *
 * @param options.name of one of them; default all
 */
export async function clearCache(options: { readonly name?: string } & InWorker = {}): Promise<number> {
  return (await ask("clearCache", functions.clearCache, options, (rest) => [rest])) as number;
}
