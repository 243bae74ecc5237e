import { UnsupportedError } from "../errors/errors.js";
import { kindOf } from "../errors/excerpt.js";
import type { ModelSource } from "./model-source.js";
import type { TensorIndex } from "./safetensors/index.js";

/** Files in memory by name (`"adapter_config.json"`), as in a folder. */
export type FileMap = Readonly<Record<string, Uint8Array>>;

/** A `FileMap` made by this package: usable with `new Blob` and `fetch`, since its memory is not shared with other threads. */
export type SavedFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** Functions that need a file system. Node's entry provides them; pages and workers have none. */
export interface FileAccess {
  /** Which of `names` are in the folder. Throws `ConfigError` if there is no such folder. */
  readFiles(directory: string, names: readonly string[]): FileMap;
  /** Names and shapes of the tensors in the folder's model.safetensors, without their data. */
  modelIndex(directory: string): TensorIndex;
  /** A folder's files as a source; null if there is no such folder. */
  folder(path: string): ModelSource | null;
}

let provided: FileAccess | null = null;

/** Called once by an entry with a file system. */
export function provideFileAccess(access: FileAccess): void {
  provided = access;
}

/** The runtime's file access; null if there is none. */
export const providedFiles = (): FileAccess | null => provided;

/** The runtime's file access. Throws `UnsupportedError` if there is none; `what` begins the message. */
export function fileAccess(what: string): FileAccess {
  if (provided) return provided;
  throw new UnsupportedError(`${what}: this runtime has no file system; pass the files' bytes as a FileMap`, {
    op: what,
  });
}

/** A call's model as it is now: files by name are copied, for the code that reads them may have to be fetched first. */
export function copiedSource(source: string | FileMap | ModelSource): string | FileMap | ModelSource {
  if (kindOf(source) !== "Object" || typeof (source as ModelSource).open === "function") return source;
  return { ...(source as FileMap) };
}
