import { checkBytes } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-map.js";
import { orAborted } from "../../waiting/abort.js";
import { callable, object, text } from "../../arguments/settings.js";

export { runFiles } from "./run-files.js";

/**
 * Where a run's checkpoints, history and results go: blobs by name. A folder is one (`folderStore`), memory another
 * (`memoryStore`); a page's private file system or a bucket needs these seven functions. A job that is aborted does not wait
 * for `claim`, `has` and `read`; it does for `write`, `append` and `remove`, and for a claim's end.
 */
export interface RunStore {
  /** What messages call it, such as a folder's path. */
  readonly name: string;
  /** What messages call one of its blobs, such as a file's path. */
  place(blob: string): string;
  /** Whether there is a blob of that name. */
  has(blob: string): Promise<boolean>;
  /** A blob's bytes, or the first `length` of them where it has more; null where there is none. */
  read(blob: string, length?: number): Promise<Uint8Array | null>;
  /**
   * Writes blobs in place of those of the same names. Whatever interrupts it, each is afterwards the old one or the new one,
   * whole; and all are the old ones where the last could not be written. They last when the promise is fulfilled.
   */
  write(blobs: FileMap): Promise<void>;
  /** Cuts a blob to `length` bytes and adds some behind them; makes it where `length` is 0. They last when the promise is fulfilled. */
  append(blob: string, length: number, bytes: Uint8Array): Promise<void>;
  /** Removes a blob, where there is one. */
  remove(blob: string): Promise<void>;
  /**
   * Makes the store one job's alone until the function it gives is called. What a holder that died has claimed is free
   * again. Throws `ConfigError` where another job has it, or where nothing can be written.
   */
  claim(): Promise<() => void | Promise<void>>;
}

const FUNCTIONS = ["place", "has", "read", "write", "append", "remove", "claim"] as const;

/**
 * A store as anybody may have written it: what it gives is looked at, and copied, before it is used. Reading and claiming end
 * with `AbortError` as soon as the signal is aborted; a claim that comes later is given up. Writing is waited for: until it
 * has ended, nobody knows what the store holds. Throws `ConfigError` for what is none.
 */
export function takeStore(what: string, given: RunStore, signal?: AbortSignal): RunStore {
  object(what, "store", given, `a RunStore, { name, ${FUNCTIONS.join(", ")} }`);
  const name = text(what, "store.name", given.name);
  for (const member of FUNCTIONS) callable(what, `store.${member}`, given[member]);
  const claim = async () => callable(what, "what store.claim gives", await given.claim());
  return {
    name,
    place: (blob) => text(what, "what store.place gives", given.place(blob)),
    has: async (blob) => (await orAborted(() => given.has(blob), signal)) === true,
    async read(blob, length) {
      const bytes = (await orAborted(() => given.read(blob, length), signal)) ?? null;
      if (bytes === null) return null;
      checkBytes(`${what}: store.read("${blob}")`, bytes);
      return new Uint8Array(bytes.subarray(0, length));
    },
    write: async (blobs) => given.write(blobs),
    append: async (blob, length, bytes) => given.append(blob, length, bytes),
    remove: async (blob) => given.remove(blob),
    claim: () => orAborted(claim, signal, (release) => release()),
  };
}
