import { encode, list } from "./kind.js";

/** A safetensors file of this header and so many bytes of zeros. */
export function file(header: string, data = 0): Uint8Array {
  const text = encode(header);
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

/** A safetensors file of tensors of one value, all of one shape. Written here, since it takes most of the time elsewhere. */
export function scalars(names: readonly string[], shape: string): Uint8Array {
  const entries = list(
    names.length,
    (i) => `${JSON.stringify(names[i])}:{"dtype":"F32","shape":${shape},"data_offsets":[${4 * i},${4 * i + 4}]}`,
  );
  return file(`{${entries.join()}}`, 4 * names.length);
}
