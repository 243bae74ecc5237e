import { callable, checkRecord, whole } from "../arguments/settings.js";
import { ConfigError, ModelError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { addressSource } from "./address-source.js";
import { type ByteSource, bytesSource, checkBytes, checkSource } from "./byte-source.js";
import type { FileMap } from "./file-access.js";
import { isGgufName } from "./gguf/index.js";
import type { ModelSource, Watcher } from "./model-source.js";

/** Finds the source for a string; each entry point of the package sets its own. */
export type ModelLocator = (name: string, watcher?: Watcher) => ModelSource | Promise<ModelSource>;

let locator: ModelLocator = addressSource;

/**
 * Sets how a runtime finds a model by a string. Called once by entry points with more than URLs: Node's has folders, a cache and the hub.
 * Throws `ConfigError` for anything but a function.
 */
export function setModelLocator(find: ModelLocator): void {
  locator = callable("setModelLocator", "find", find);
}

/**
 * Any accepted form as a source: files in memory, a source, or a string, which the runtime may have to download; the watcher gets its
 * progress. Throws `ConfigError` for anything else.
 */
export async function modelSource(source: string | FileMap | ModelSource, watcher: Watcher = {}): Promise<ModelSource> {
  const found: unknown = typeof source === "string" ? await locator(source, watcher) : source;
  checkRecord("a model is a string, files by name or a ModelSource", found);
  // They may be methods of a class and use `this`.
  if (typeof found["open"] === "function") return checkedSource(found as unknown as ModelSource);
  const files = { ...found };
  const open = async (file: string) => {
    const bytes = Object.hasOwn(files, file) ? (files[file] ?? null) : null;
    if (bytes === null) return null;
    checkBytes(`model: ${file}`, bytes);
    return bytesSource(bytes);
  };
  const gguf = Object.hasOwn(files, "config.json") ? undefined : Object.keys(files).find(isGgufName);
  return checkedSource({
    name: "model",
    open,
    ...(gguf !== undefined && { gguf: async () => (await open(gguf)) ?? bytesSource(new Uint8Array(0)) }),
  });
}

/** A user's source: what it opens is checked before use. */
function checkedSource(source: ModelSource): ModelSource {
  const { name } = source;
  if (typeof name !== "string")
    throw new ConfigError(`a ModelSource has a name, got ${excerpt(name)}`, {
      op: "ModelSource",
      option: "name",
      expected: "a string",
      value: name,
    });
  const checked = async (file: string, found: ByteSource | null | undefined) => {
    if (found === null || found === undefined) return null;
    const what = `model ${clip(name)}: ${file}`;
    checkSource(what, found);
    try {
      whole(what, "size", found.size);
    } catch (error) {
      await found.close?.();
      throw error;
    }
    return found;
  };
  return {
    name,
    open: async (file) => checked(file, await source.open(file)),
    ...(typeof source.explainMissing === "function" && { explainMissing: source.explainMissing }),
    ...(typeof source.made === "function" && { made: source.made }),
    ...(typeof source.gguf === "function" && {
      gguf: async () => {
        const found = await checked("its GGUF file", await source.gguf!());
        if (found !== null) return found;
        throw new ModelError(`model ${clip(name)}: its GGUF file is not there`, { model: name });
      },
    }),
  };
}
