import { remember } from "../../io/made-from.js";
import type { CachedModel, CachedPlace } from "../../io/page/cached-model.js";

/** A cached model, found by a worker. `load` and `open` of this entry accept it. Its bytes stay in the worker. */
export type WorkerCachedModel = Omit<CachedModel, "open" | "gguf">;

/** A model that a worker has found, as its page sees it. */
export function cachedThere(place: CachedPlace): WorkerCachedModel {
  const { key: _, ...facts } = place;
  const { files } = facts;
  const digest = async (file: string) => {
    // In a model of one file, that file is a GGUF file with any name.
    const isOnly = file === "model.gguf" && files.length === 1;
    return (isOnly ? files[0]! : files.find(({ name }) => name === file))?.sha256 ?? null;
  };
  return remember({ ...facts, digest }, "cached model", place);
}
