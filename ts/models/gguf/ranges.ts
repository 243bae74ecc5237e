import type { OpenTensorFile } from "../../io/safetensors/index.js";

/** Ranges of tensors that are read as a whole: the last one stays in memory, so that one that is read piece by piece is read once. */
export function rangesOfWhole(whole: (name: string) => Promise<Uint8Array>): OpenTensorFile["raw"] {
  let last: { readonly name: string; readonly bytes: Uint8Array } | null = null;
  return async (name, begin = 0, end) => {
    if (begin === 0 && end === undefined) return whole(name);
    const found = last?.name === name ? last : { name, bytes: await whole(name) };
    last = found;
    return found.bytes.subarray(begin, end);
  };
}
