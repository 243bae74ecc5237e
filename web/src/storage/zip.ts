import { unzip, zip, type Zippable } from "fflate";
import { damagedIn } from "./checksums.js";

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
    unzip(bytes, { filter: isWanted }, (error, files) => {
      if (error) return reject(error);
      const damaged = damagedIn(bytes, files);
      if (damaged === null) return resolve(files);
      reject(new Error(`${damaged} is damaged: its checksum is another one`));
    }),
  );

/** A path without its folders. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/**
 * Files of some names, by these, in whichever folder of an archive they lie, the first of each name: an archive of a few bytes may say
 * that it holds thousands. Rejects with an `AdapterError` as `unzipped`, and where they have more than `most` bytes together.
 */
export async function filesNamed(
  bytes: Uint8Array,
  names: readonly string[],
  most: number,
): Promise<Record<string, Uint8Array>> {
  const met = new Set<string>();
  let sum = 0;
  const isWanted = ({ name, originalSize }: Entry) => {
    const base = baseName(name);
    if (!names.includes(base) || met.has(base)) return false;
    met.add(base);
    sum += originalSize;
    return sum <= most;
  };
  const refuse = (why: string) => {
    throw Object.assign(new Error(why), { name: "AdapterError" });
  };
  const found = await unzipped(bytes, isWanted).catch((error: Error) =>
    refuse(`the archive cannot be unpacked: ${error.message}`),
  );
  if (sum > most) refuse(`the archive holds ${sum} bytes, at most ${most} are read`);
  return Object.fromEntries(Object.entries(found).map(([path, content]) => [baseName(path), content]));
}
