import { ConfigError } from "../../errors/errors.js";
import { checkBytes } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import { checkRecord } from "../../arguments/collections.js";
import type { RunStore } from "./run-store.js";

/** A store that can return its blobs. */
export interface MemoryStore extends RunStore {
  /** A copy of every blob by name. */
  files(): FileMap;
}

/**
 * A run's store in memory: for pages that save the results elsewhere, and for tests. It is lost with the page.
 *
 * @param files initial blobs, such as those of an interrupted run
 *
 * Throws `ConfigError` unless they are bytes by name.
 */
export function memoryStore(files: FileMap = {}): MemoryStore {
  const blobs = new Map<string, Uint8Array>();
  const put = (given: FileMap) => {
    checkRecord("memoryStore: bytes by name are expected", given);
    const entries = Object.entries(given);
    for (const [, bytes] of entries) checkBytes("memoryStore", bytes);
    for (const [blob, bytes] of entries) blobs.set(blob, bytes.slice());
  };
  put(files);
  let claimed = false;
  return {
    name: "memory",
    place: (blob) => blob,
    has: async (blob) => blobs.has(blob),
    read: async (blob, length) => blobs.get(blob)?.slice(0, length) ?? null,
    write: async (given) => put(given),
    async append(blob, length, bytes) {
      const kept = (blobs.get(blob) ?? new Uint8Array()).subarray(0, length);
      const whole = new Uint8Array(kept.length + bytes.length);
      whole.set(kept);
      whole.set(bytes, kept.length);
      blobs.set(blob, whole);
    },
    remove: async (blob) => void blobs.delete(blob),
    async claim() {
      if (claimed)
        throw new ConfigError("this store is in use: another job uses it; await it, or choose another store", {
          op: "memoryStore",
          reason: "running",
        });
      claimed = true;
      return () => void (claimed = false);
    },
    files: () => Object.fromEntries([...blobs].map(([blob, bytes]) => [blob, bytes.slice()])),
  };
}
