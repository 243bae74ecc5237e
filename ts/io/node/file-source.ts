import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { FormatError } from "../../errors/errors.js";
import type { ByteSource } from "../byte-source.js";
import { openSafetensors, readIndex } from "../safetensors/index.js";
import type { OpenTensorFile, TensorIndex } from "../safetensors/index.js";

/** A file as a source that reads only what is asked for. Close it when done. */
export async function fileSource(path: string): Promise<Required<ByteSource>> {
  const handle = await open(path, "r");
  const { size } = await handle.stat();
  return {
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        if (bytesRead === 0)
          throw new FormatError(`${path}: it ended at ${offset + done} of ${size} bytes while being read`, {
            file: path,
            length: size,
          });
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
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
