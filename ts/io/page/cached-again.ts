import { remember } from "../made-from.js";
import { cachedFile, ggufOf } from "./cached-gguf.js";
import type { CachedModel, CachedPlace } from "./cached-model.js";

/** A model that another thread of this page has found. Its files throw `ModelError` if they were removed or changed. */
export function cachedAgain(place: CachedPlace): CachedModel {
  const { key: _, ...facts } = place;
  const { files } = facts;
  const open = async (file: string) => {
    const wanted = cachedFile(files, file);
    if (wanted === null) return null;
    // Few models are cached ones.
    const { openCached } = await import("./open-cached.js");
    return openCached(place, wanted, file);
  };
  const digest = async (file: string) => cachedFile(files, file)?.sha256 ?? null;
  const source: CachedModel = { ...facts, open, digest, ...ggufOf(files, open) };
  return remember(source, "cached model", place);
}
