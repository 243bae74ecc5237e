import { checkOptions } from "../../arguments/options.js";
import { text } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { remember } from "../made-from.js";
import type { PinnedFile } from "../known-models.js";
import type { ModelSource } from "../model-source.js";
import type { BlobFolder } from "./blob-folder.js";
import { storedBytes, storedSource } from "./kept-file.js";
import { ggufOf, keptFile } from "./kept-gguf.js";
import { forget, type KeptRecord, type ModelOrigin, readKept } from "./kept-record.js";
import { foundModels, modelFolders, tryLock } from "./model-folders.js";

/** A model that this browser keeps: `SentenceEncoder.load` and jobs take it. */
export interface KeptModel extends ModelSource {
  /** Where it came from. */
  readonly origin: ModelOrigin;
  /** Bytes of its files together. */
  readonly bytes: number;
  /** Its files with their sizes and hashes, as a manifest that `keepModel` takes. */
  readonly files: readonly PinnedFile[];
  /** "opfs" for the Origin Private File System, "memory" for as long as the page is there. */
  readonly storage: "opfs" | "memory";
  /** Why it goes with the page; null where it stays. */
  readonly storageRefused: string | null;
  /** SHA-256 of a file in hexadecimal, taken as it came; null where the model has none of that name. */
  digest(file: string): Promise<string | null>;
}

/** What is there of a model. */
export interface KeptModelInfo {
  /** By which `keptModel` and `clearCache` know it. */
  readonly name: string;
  /** "address", "hub", "folder", "file" or "zip". */
  readonly origin: string;
  /** Bytes that it takes. */
  readonly bytes: number;
  /** False where a download broke off, which `keepModel` goes on with. */
  readonly complete: boolean;
}

/** What a kept model is found again by in another thread: its folder, and what it was when it was found. */
export interface KeptPlace extends Omit<KeptModel, "open" | "digest" | "gguf"> {
  readonly key: string;
}

/** A model in a folder as a source. */
export function keptSource(
  key: string,
  folder: BlobFolder,
  { name, origin, files }: KeptRecord,
  refused: string | null,
): KeptModel {
  const facts: Omit<KeptPlace, "key"> = {
    name,
    origin,
    bytes: files.reduce((sum, file) => sum + storedBytes(file), 0),
    files: files.map((file) => ({ name: file.name, bytes: storedBytes(file), sha256: file.sha256 })),
    storage: refused === null ? "opfs" : "memory",
    storageRefused: refused,
  };
  const open = async (file: string) => {
    const found = keptFile(files, file);
    return found && storedSource(folder, found, name);
  };
  const digest = async (file: string) => keptFile(files, file)?.sha256 ?? null;
  const source: KeptModel = { ...facts, open, digest, ...ggufOf(files, open) };
  return remember(source, "kept model", { key, ...structuredClone(facts) } satisfies KeptPlace);
}

/** The models that this browser keeps, whole and begun, by name. Throws `UnsupportedError` in Node. */
export async function keptModels(): Promise<KeptModelInfo[]> {
  const models = await foundModels(await modelFolders("keptModels"));
  return models.map(({ name, origin, bytes, complete }) => ({ name, origin, bytes, complete }));
}

/**
 * A model that this browser keeps, by the name that `keptModels` gives: one that was picked needs no second picking. Null where
 * there is none, or not all of it. Throws `UnsupportedError` in Node.
 */
export async function keptModel(name: string): Promise<KeptModel | null> {
  text("keptModel", "name", name);
  const where = await modelFolders("keptModel");
  const found = (await foundModels(where)).find((model) => model.name === name && model.complete);
  if (found === undefined) return null;
  const folder = where.folders.folder(found.key);
  const record = await readKept(folder);
  return record && keptSource(found.key, folder, record, where.refused);
}

/**
 * Removes models that this browser keeps, and parts of such.
 *
 * @param options.name of one of them; default all
 * @returns bytes that they took
 * @throws `ConfigError` where one is being fetched, here or in another tab: none is removed then. `UnsupportedError` in Node
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
