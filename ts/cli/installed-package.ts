import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../errors/errors.js";

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
