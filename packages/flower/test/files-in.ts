import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { FileMap } from "../../../ts/io/file-access.js";

/** Files of a folder and of those in it, by name. */
export function filesIn(folder: string): FileMap {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}
