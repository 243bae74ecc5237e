import { callable, checkRecord, object, text } from "../../arguments/settings.js";
import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { checkBytes } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import { orAborted } from "../../waiting/abort.js";

/** A checked name of a run in a page. Throws `ConfigError`. */
export function takeRunName(name: string): string {
  if (typeof name === "string" && name.trim() !== "" && name.length <= 1000) return name;
  const details = { op: "opfsStore", expected: "a name", value: name };
  throw new ConfigError(`opfsStore: a run's name is expected, got ${excerpt(name)}`, details);
}

/** Names of a run's blobs in its store. */
export const runFiles = {
  adapter: ["adapter_config.json", "adapter_model.safetensors"],
  head: ["head.safetensors", "labels.json"],
  /** The adapter as a GGUF LoRA, if the spec asks for it. */
  gguf: "adapter.gguf",
  report: "report.json",
  curve: "loss.svg",
  /** Spec and state of an unfinished run, from its start. */
  record: "run.json",
  /** The result of cross-validation. */
  folds: "folds.json",
  /** The completed folds of an unfinished cross-validation. */
  foldsSoFar: "folds.partial.json",
  checkpoint: "checkpoint.safetensors",
  /** The completed steps of a checkpoint, one per line. */
  history: "checkpoint.history.jsonl",
  /** The last checkpoint of the final fit, beside that of the first one. */
  finalCheckpoint: "final.safetensors",
  finalHistory: "final.history.jsonl",
} as const;

/** Whether a blob is needed only until its run is finished. */
export const isUnfinished = (blob: string) =>
  (
    [runFiles.record, runFiles.checkpoint, runFiles.history, runFiles.finalCheckpoint, runFiles.finalHistory] as const
  ).some((one) => one === blob);

/**
 * Storage of a run's checkpoints, history and results: blobs by name. `folderStore` uses a folder, `memoryStore` memory; other storage
 * needs these seven functions. An aborted job does not wait for `claim`, `has` and `read`; it waits for `write`, `append` and `remove`, and
 * for the end of a claim.
 */
export interface RunStore {
  /** Name in messages, such as a folder's path. */
  readonly name: string;
  /** A blob's name in messages, such as a file's path. */
  place(blob: string): string;
  /** Whether there is a blob of that name. */
  has(blob: string): Promise<boolean>;
  /** A blob's bytes, at most the first `length`; null if there is no such blob. */
  read(blob: string, length?: number): Promise<Uint8Array | null>;
  /**
   * Replaces the blobs with these names. After any interruption each is the whole old one or the whole new one; if the last could not be
   * written, all are the old ones. They are durable when the promise is fulfilled.
   */
  write(blobs: FileMap): Promise<void>;
  /** Truncates a blob to `length` bytes and appends more; with `length` 0 creates it if missing. Durable when the promise is fulfilled. */
  append(blob: string, length: number, bytes: Uint8Array): Promise<void>;
  /** Removes a blob, if it exists. */
  remove(blob: string): Promise<void>;
  /**
   * Claims the store for one job until the returned function is called. The claim of a dead process ends. Throws `ConfigError` if another
   * job has it, or nothing can be written.
   */
  claim(): Promise<() => void | Promise<void>>;
}

const FUNCTIONS = ["place", "has", "read", "write", "append", "remove", "claim"] as const;

/**
 * Wraps a user's store: its results are checked and copied before use. Reading and claiming reject with `AbortError` as soon as the signal
 * is aborted; a claim that arrives later is released. Writes are always awaited: until a write ends, the contents are unknown. Throws
 * `ConfigError` for an invalid store.
 */
export function takeStore(what: string, given: RunStore, signal?: AbortSignal, option = "store"): RunStore {
  object(what, option, given, `a RunStore, { name, ${FUNCTIONS.join(", ")} }`);
  const name = text(what, `${option}.name`, given.name);
  for (const member of FUNCTIONS) callable(what, `${option}.${member}`, given[member]);
  const claim = async () => callable(what, `the result of ${option}.claim`, await given.claim());
  return {
    name,
    place: (blob) => text(what, `the result of ${option}.place`, given.place(blob)),
    has: async (blob) => (await orAborted(() => given.has(blob), signal)) === true,
    async read(blob, length) {
      const bytes = (await orAborted(() => given.read(blob, length), signal)) ?? null;
      if (bytes === null) return null;
      checkBytes(`${what}: ${option}.read("${blob}")`, bytes);
      return new Uint8Array(bytes.subarray(0, length));
    },
    write: async (blobs) => given.write(blobs),
    append: async (blob, length, bytes) => given.append(blob, length, bytes),
    remove: async (blob) => given.remove(blob),
    claim: () => orAborted(claim, signal, (release) => release()),
  };
}

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
