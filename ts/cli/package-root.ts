import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of the package that a file belongs to, by default of this one: the nearest above it that has a package.json. */
export function packageRoot(file = import.meta.url): string {
  let folder = dirname(fileURLToPath(file));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}
