import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { FormatError, ModelError } from "../../errors/errors.js";
import type { ByteSource } from "../byte-source.js";
import { parseJsonObject } from "../json.js";
import {
  joinIndexes,
  openSafetensors,
  readIndex,
  readWeightMap,
  WEIGHTS,
  WEIGHTS_INDEX,
} from "../safetensors/index.js";
import type { OpenTensorFile, TensorIndex } from "../safetensors/index.js";

/** A file as a source that reads only requested bytes. Close it when done. */
export async function fileSource(path: string): Promise<Required<ByteSource>> {
  const handle = await open(path, "r");
  const close = () => handle.close();
  const { size } = await handle.stat().catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    size,
    async read(offset, length, into) {
      const bytes = into ?? new Uint8Array(length);
      for (let done = 0; done < length;) {
        // Node reads fewer than 2³¹ bytes at a time.
        const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, 2 ** 30), offset + done);
        if (bytesRead === 0)
          throw new FormatError(`${path}: it ended at ${offset + done} of ${size} bytes while being read`, {
            file: path,
            length: size,
          });
        done += bytesRead;
      }
      return bytes;
    },
    close,
  };
}

/** Opens a safetensors file by its path. Errors as `openSafetensors`, which it is. */
export async function openSafetensorsFile(path: string): Promise<OpenTensorFile> {
  const source = await fileSource(path);
  try {
    return await openSafetensors(source, path);
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** Names and shapes of a safetensors file's tensors; reads its header only. */
export function safetensorsIndex(path: string): TensorIndex {
  const file = openSync(path, "r");
  try {
    const read = (offset: number, length: number) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
    };
    return readIndex(read, fstatSync(file).size, path);
  } finally {
    closeSync(file);
  }
}

/** The contents of a folder's model.safetensors, or of the files in model.safetensors.index.json. */
export interface FolderIndex {
  readonly index: TensorIndex;
  /** Paths of the files. */
  readonly files: readonly string[];
}

/** Names and shapes of a model's tensors; null if the folder has no weights. Throws `ModelError` for an invalid index. */
export function folderIndex(directory: string): FolderIndex | null {
  const single = join(directory, WEIGHTS);
  if (existsSync(single)) return { index: safetensorsIndex(single), files: [single] };
  const path = join(directory, WEIGHTS_INDEX);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new ModelError(`${path}: ${problem}`, { path }, { cause });
  const map = readWeightMap(parseJsonObject(new Uint8Array(readFileSync(path)), fail), fail);
  const missing = map.files.find((file) => !existsSync(join(directory, file)));
  if (missing !== undefined) throw fail(`${missing} is missing`);
  const indexes = new Map(map.files.map((file) => [file, safetensorsIndex(join(directory, file))]));
  return { index: joinIndexes(map, indexes, fail), files: map.files.map((file) => join(directory, file)) };
}
