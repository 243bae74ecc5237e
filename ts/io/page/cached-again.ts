import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { remember } from "../made-from.js";
import { storedSource } from "./cached-file.js";
import { ggufOf, cachedFile } from "./cached-gguf.js";
import type { CachedModel, CachedPlace } from "./cached-model.js";
import { readCached } from "./cache-record.js";
import { modelFolders } from "./model-folders.js";

/** A model that another thread of this page has found. Its files throw `ModelError` if they were removed or changed. */
export function cachedAgain(place: CachedPlace): CachedModel {
  const { key, ...facts } = place;
  const { name, files } = facts;
  const open = async (file: string) => {
    const wanted = cachedFile(files, file);
    if (wanted === null) return null;
    const { folders } = await modelFolders("cachedModel");
    const folder = folders.folder(key);
    const found = (await readCached(folder))?.files.find(
      (kept) => kept.name === wanted.name && kept.sha256 === wanted.sha256,
    );
    if (found !== undefined) return storedSource(folder, found, name);
    const why =
      facts.storage === "memory"
        ? "it was in the memory of a worker that has ended, or of another one"
        : "it was removed, or replaced";
    throw new ModelError(
      `model ${clip(name)}: ${clip(file)} is not cached here any more: ${why}; call cacheModel again`,
      {
        model: name,
        file,
      },
    );
  };
  const digest = async (file: string) => cachedFile(files, file)?.sha256 ?? null;
  const source: CachedModel = { ...facts, open, digest, ...ggufOf(files, open) };
  return remember(source, "cached model", place);
}
