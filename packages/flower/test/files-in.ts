import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { FileMap } from "../../../ts/io/file-map.js";

/** Files of a folder, by name. */
export const filesIn = (folder: string): FileMap =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
