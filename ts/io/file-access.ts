import { UnsupportedError } from "../errors/errors.js";
import type { FileMap } from "./file-map.js";
import type { ModelSource } from "./model-source.js";
import type { TensorIndex } from "./safetensors/index.js";

/** What needs a file system. Node's entry provides it; pages and workers have none. */
export interface FileAccess {
  /** Those of `names` that the folder has. Throws `ConfigError` where there is no such folder. */
  readFiles(directory: string, names: readonly string[]): FileMap;
  /** Names and shapes of the tensors in the folder's model.safetensors, without their data. */
  modelIndex(directory: string): TensorIndex;
  /** Whatever files a folder has, as a source; null where there is no such folder. */
  folder(path: string): ModelSource | null;
}

let provided: FileAccess | null = null;

/** Called once by an entry whose runtime has files. */
export function provideFileAccess(access: FileAccess): void {
  provided = access;
}

/** The runtime's file access, null where there is none. */
export const providedFiles = (): FileAccess | null => provided;

/** The runtime's file access. Throws `UnsupportedError` where there is none; `what` opens the message. */
export function fileAccess(what: string): FileAccess {
  if (provided) return provided;
  throw new UnsupportedError(`${what}: this runtime has no file system; pass the files' bytes as a FileMap`, {
    op: what,
  });
}
