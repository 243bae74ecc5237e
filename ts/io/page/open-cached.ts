import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { ByteSource } from "../byte-source.js";
import { modelFolders, readCached, storedSource } from "./cached-file.js";
import type { CachedPlace } from "./cached-model.js";

/** A file of a cached model, by its name and hash; `asked` is what it was asked by. Throws `ModelError` if it was removed or changed. */
export async function openCached(
  { key, name, storage }: CachedPlace,
  wanted: { readonly name: string; readonly sha256: string },
  asked: string,
): Promise<ByteSource> {
  const { folders } = await modelFolders("cachedModel");
  const folder = folders.folder(key);
  const found = (await readCached(folder))?.files.find(
    (kept) => kept.name === wanted.name && kept.sha256 === wanted.sha256,
  );
  if (found !== undefined) return storedSource(folder, found, name);
  const why =
    storage === "memory"
      ? "it was in the memory of a worker that has ended, or of another one"
      : "it was removed, or replaced";
  throw new ModelError(
    `model ${clip(name)}: ${clip(asked)} is not cached here any more: ${why}; call cacheModel again`,
    { model: name, file: asked },
  );
}
