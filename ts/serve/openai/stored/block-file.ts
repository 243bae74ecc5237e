import { Fingerprint } from "../../../io/fingerprint.js";

/** How files of blocks begin; those of another form begin otherwise. */
const MAGIC = "lowrank-block-1\n";

/** Bytes of a file beside its contents: its first line, the block's name and the contents' fingerprint. */
export const HEADER_BYTES = MAGIC.length + 32 + 32;

const headerOf = (name: string, contents: Uint8Array) =>
  new TextEncoder().encode(MAGIC + name + new Fingerprint().add(contents).toString());

/** The file of a block. @param name says what the contents depend on */
export function blockFile(name: string, contents: Uint8Array): Uint8Array {
  const file = new Uint8Array(HEADER_BYTES + contents.length);
  file.set(headerOf(name, contents));
  file.set(contents, HEADER_BYTES);
  return file;
}

/** The contents of a block's file; undefined if it is another one's, or damaged. */
export function contentsOf(file: Uint8Array, name: string): Uint8Array | undefined {
  const contents = file.subarray(HEADER_BYTES);
  return headerOf(name, contents).every((byte, i) => file[i] === byte) ? contents : undefined;
}
