import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** Where models are kept: $LOWRANK_CACHE, else lowrank in $XDG_CACHE_HOME, else ~/.cache/lowrank. */
export function cacheFolder(environment: Record<string, string | undefined> = process.env): string {
  const { LOWRANK_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  return resolve(own || join(shared || join(homedir(), ".cache"), "lowrank"));
}
