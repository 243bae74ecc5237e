import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folders that every script agrees on. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const toolsFolder = join(root, ".cache/tools");
export const runtimesFolder = join(root, ".cache/runtimes");
export const stampFolder = join(root, ".cache/stamps");
export const modelCache =
  process.env.LOWRANK_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lowrank");

/** `PATH` with folders before it. */
export function pathWith(...folders) {
  return [...folders, process.env.PATH].join(delimiter);
}
