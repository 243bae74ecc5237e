import type { OpenTensorFile } from "../../io/safetensors/index.js";
import { sizeOf } from "../../values/shape.js";

/** Ranges of tensors that are read as a whole: the last one stays in memory, so that one that is read piece by piece is read once. */
export function rangesOfWhole(whole: (name: string) => Promise<Uint8Array>): OpenTensorFile["raw"] {
  let last: { readonly name: string; readonly bytes: Promise<Uint8Array> } | null = null;
  return async (name, begin, end) => {
    if (begin === undefined && end === undefined) return whole(name);
    if (last?.name !== name) last = { name, bytes: whole(name) };
    const asked = last;
    try {
      return (await asked.bytes).subarray(begin, end);
    } catch (error) {
      // It is read again when it is asked for again.
      if (last === asked) last = null;
      throw error;
    }
  };
}

/**
 * The bytes from `begin` to `end`, by default all, of a tensor in float32, of whose rows only those are read that they lie in.
 * @param rows values of whole rows, from the first to the one before the second
 */
export async function float32Range(
  shape: readonly number[],
  begin = 0,
  end: number | undefined,
  rows: (first: number, behind: number) => Promise<Float32Array>,
): Promise<Uint8Array> {
  const row = 4 * (shape.at(-1) ?? 1);
  const last = end ?? 4 * sizeOf(shape);
  const first = Math.floor(begin / row);
  const { buffer, byteOffset } = await rows(first, Math.ceil(last / row));
  return new Uint8Array(buffer, byteOffset + begin - row * first, last - begin);
}
