import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "../errors/errors.js";

/** Folder of the package that a file belongs to, by default of this one: the nearest above it that has a package.json. */
export function packageRoot(file = import.meta.url): string {
  let folder = dirname(fileURLToPath(file));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
}

/**
 * Folder of an installed package of this project: beside this one, or in the working folder's project. Throws `ConfigError` if it is not
 * installed.
 * @param name such as "@lowrank/studio"
 * @param holds the package's contents, as the subject of a sentence
 */
export function installedPackage(name: string, holds: string): string {
  for (const from of [import.meta.url, join(resolve(), "package.json")])
    try {
      return dirname(createRequire(from).resolve(`${name}/package.json`));
    } catch {
      // The next place.
    }
  throw new ConfigError(
    `${holds} in the package ${name}, which is not installed: npm install ${name} (--global if lowrank is global)`,
    { package: name },
  );
}
