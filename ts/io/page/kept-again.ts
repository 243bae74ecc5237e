import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { remember } from "../made-from.js";
import { storedSource } from "./kept-file.js";
import { ggufOf, keptFile } from "./kept-gguf.js";
import type { KeptModel, KeptPlace } from "./kept-model.js";
import { readKept } from "./kept-record.js";
import { modelFolders } from "./model-folders.js";

/** A model that another thread of this page has found. Its files throw `ModelError` where they are gone, or others by now. */
export function keptAgain(place: KeptPlace): KeptModel {
  const { key, ...facts } = place;
  const { name, files } = facts;
  const open = async (file: string) => {
    const wanted = keptFile(files, file);
    if (wanted === null) return null;
    const { folders } = await modelFolders("keptModel");
    const folder = folders.folder(key);
    const found = (await readKept(folder))?.files.find(
      (kept) => kept.name === wanted.name && kept.sha256 === wanted.sha256,
    );
    if (found !== undefined) return storedSource(folder, found, name);
    const why =
      facts.storage === "memory"
        ? "a worker keeps it in its memory, which is gone or another one's"
        : "it was removed, or replaced";
    throw new ModelError(`model ${clip(name)}: ${clip(file)} is not kept here any more: ${why}; keep it again`, {
      model: name,
      file,
    });
  };
  const digest = async (file: string) => keptFile(files, file)?.sha256 ?? null;
  const source: KeptModel = { ...facts, open, digest, ...ggufOf(files, open) };
  return remember(source, "kept model", place);
}
