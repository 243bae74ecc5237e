import { checkBytes } from "../io/byte-source.js";
import type { FileMap } from "../io/file-map.js";
import { readIndex } from "../io/safetensors/index.js";
import { sizeOf } from "../values/shape.js";

/** Blocks of linear memory are multiples of this. */
const BLOCK = 64;

/** Bytes of linear memory of an adapter's files: all tensors in float32. Throws `FormatError` for damaged files. */
export function adapterBytes(files: FileMap): number {
  let bytes = 0;
  for (const [name, content] of Object.entries(files)) {
    if (!name.endsWith(".safetensors")) continue;
    checkBytes(name, content);
    const index = readIndex((offset, length) => content.subarray(offset, offset + length), content.byteLength, name);
    for (const tensor of index.names) {
      const elements = sizeOf(index.info(tensor).shape);
      bytes += Math.ceil((4 * elements) / BLOCK) * BLOCK;
    }
  }
  return bytes;
}
