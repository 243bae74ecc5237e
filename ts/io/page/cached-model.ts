import { checkOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { remember } from "../made-from.js";
import type { PinnedFile } from "../known-models.js";
import type { ModelSource } from "../model-source.js";
import type { BlobFolder } from "./storage.js";
import { cachedFile, ggufOf } from "./cached-gguf.js";
import {
  type CacheRecord,
  forget,
  foundModels,
  modelFolders,
  type ModelOrigin,
  readCached,
  storedBytes,
  storedSource,
  tryLock,
} from "./cached-file.js";

/** A model cached in this browser. `SentenceEncoder.load`, `CausalLanguageModel.load` and jobs accept it. */
export interface CachedModel extends ModelSource {
  /** Where it came from. */
  readonly origin: ModelOrigin;
  /** Total size of its files in bytes. */
  readonly bytes: number;
  /** Files with sizes and hashes: a manifest for `cacheModel`. */
  readonly files: readonly PinnedFile[];
  /** "opfs": the Origin Private File System; "memory": lost when the page closes. */
  readonly storage: "opfs" | "memory";
  /** Why it is only in memory; null if it is stored. */
  readonly storageRefused: string | null;
  /** SHA-256 of a file in hexadecimal, computed during the download; null if the model has no such file. */
  digest(file: string): Promise<string | null>;
}

/** An entry of `cachedModels`. */
export interface CachedModelInfo {
  /** Name for `cachedModel` and `clearCache`. */
  readonly name: string;
  /** "address", "hub", "folder", "file" or "zip". */
  readonly origin: string;
  /** Bytes in use. */
  readonly bytes: number;
  /** False after an interrupted download, which `cacheModel` resumes. */
  readonly complete: boolean;
}

/** What another thread needs to open the same cached model: its folder and the facts known about it. */
export interface CachedPlace extends Omit<CachedModel, "open" | "digest" | "gguf"> {
  readonly key: string;
}

/** A model in a folder as a source. */
export function cachedSource(
  key: string,
  folder: BlobFolder,
  { name, origin, files }: CacheRecord,
  refused: string | null,
): CachedModel {
  const facts: Omit<CachedPlace, "key"> = {
    name,
    origin,
    bytes: files.reduce((sum, file) => sum + storedBytes(file), 0),
    files: files.map((file) => ({ name: file.name, bytes: storedBytes(file), sha256: file.sha256 })),
    storage: refused === null ? "opfs" : "memory",
    storageRefused: refused,
  };
  const open = async (file: string) => {
    const found = cachedFile(files, file);
    return found && storedSource(folder, found, name);
  };
  const digest = async (file: string) => cachedFile(files, file)?.sha256 ?? null;
  const source: CachedModel = { ...facts, open, digest, ...ggufOf(files, open) };
  return remember(source, "cached model", { key, ...structuredClone(facts) } satisfies CachedPlace);
}

/** The models cached in this browser, complete or not, sorted by name. Throws `UnsupportedError` in Node. */
export async function cachedModels(): Promise<CachedModelInfo[]> {
  const models = await foundModels(await modelFolders("cachedModels"));
  return models.map(({ name, origin, bytes, complete }) => ({ name, origin, bytes, complete }));
}

/**
 * A cached model by its name, as `cachedModels` lists it, also one that a person picked earlier. Null if there is none, or it is
 * incomplete. Throws `UnsupportedError` in Node.
 */
export async function cachedModel(name: string): Promise<CachedModel | null> {
  text("cachedModel", "name", name);
  const where = await modelFolders("cachedModel");
  const found = (await foundModels(where)).find((model) => model.name === name && model.complete);
  if (found === undefined) return null;
  const folder = where.folders.folder(found.key);
  const record = await readCached(folder);
  return record && cachedSource(found.key, folder, record, where.refused);
}

/**
 * Removes cached models, incomplete ones too.
 *
 * @param options.name of one model; default: all
 * @returns the bytes freed
 * @throws `ConfigError` while one of them is being downloaded, here or in another tab; none is removed then. `UnsupportedError` in Node
 */
export async function clearCache(options: { readonly name?: string | undefined } = {}): Promise<number> {
  checkOptions("clearCache", options, ["name"]);
  const { name } = options;
  if (name !== undefined) text("clearCache", "name", name);
  const where = await modelFolders("clearCache");
  const models = (await foundModels(where)).filter((model) => name === undefined || model.name === name);
  const releases: (() => void)[] = [];
  try {
    for (const model of models) {
      const release = await tryLock(model.key);
      if (release === null)
        throw new ConfigError(
          `clearCache: ${excerpt(clip(model.name))} is being fetched, here or in another tab; cancel that, or wait`,
          { op: "clearCache", reason: "running", model: model.name },
        );
      releases.push(release);
    }
    for (const { key } of models) {
      await forget(where.folders.folder(key));
      await where.folders.remove(key);
    }
  } finally {
    for (const release of releases) release();
  }
  return models.reduce((sum, { bytes }) => sum + bytes, 0);
}
