import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ModelError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { isGgufName } from "../../gguf/index.js";
import type { ModelSource } from "../../model-source.js";
import { fileSource } from "../file-source.js";
import { isFolder } from "../folders.js";

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
