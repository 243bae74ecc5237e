import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { checkRecord } from "../../../arguments/collections.js";
import { unexpected } from "../../../arguments/settings.js";

/**
 * Where models are kept: $LOWRANK_CACHE, else lowrank in $XDG_CACHE_HOME, else ~/.cache/lowrank. Throws `ConfigError` for
 * variables that are no strings.
 */
export function cacheFolder(environment: Record<string, string | undefined> = process.env): string {
  checkRecord("cacheFolder: environment is an object of strings", environment);
  const { LOWRANK_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  for (const value of [own, shared]) {
    if (value === undefined || typeof value === "string") continue;
    throw unexpected("cacheFolder", "an environment variable", "a string", value);
  }
  return resolve(own || join(shared || join(homedir(), ".cache"), "lowrank"));
}
