import { unzip, zip, type Zippable } from "fflate";

/** Files by their names, or paths, as one archive. */
export const zipped = (files: Zippable): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    zip(files, { level: 6 }, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );

/** An entry of an archive, as it says of itself before it is unpacked. */
interface Entry {
  readonly name: string;
  /** Bytes, unpacked. */
  readonly originalSize: number;
}

/** An archive's files by their paths: those that are wanted. Rejects where it is none, or is damaged. */
export const unzipped = (bytes: Uint8Array, isWanted: (entry: Entry) => boolean): Promise<Record<string, Uint8Array>> =>
  new Promise((resolve, reject) =>
    unzip(bytes, { filter: isWanted }, (error, files) => (error ? reject(error) : resolve(files))),
  );

/** A path without its folders. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Files of some names, by these, in whichever folder of an archive they lie, each shorter than `most` bytes. Errors as `unzipped`. */
export async function filesNamed(
  bytes: Uint8Array,
  names: readonly string[],
  most: number,
): Promise<Record<string, Uint8Array>> {
  const isWanted = ({ name, originalSize }: Entry) => names.includes(baseName(name)) && originalSize < most;
  const found = await unzipped(bytes, isWanted);
  return Object.fromEntries(Object.entries(found).map(([path, content]) => [baseName(path), content]));
}
