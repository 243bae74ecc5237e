import { unzip, zip, type Zippable } from "fflate";
import { damagedIn } from "./checksums.js";

/** Packs files, by name or path, into one archive. */
export const zipped = (files: Zippable): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    zip(files, { level: 6 }, (error, bytes) => (error ? reject(error) : resolve(bytes))),
  );

/** An entry's header, before it is unpacked. */
interface Entry {
  readonly name: string;
  /** Unpacked size in bytes, as the header claims. */
  readonly originalSize: number;
}

/** Unpacks the selected files of an archive, by path. Rejects if it is not an archive or is damaged. */
export const unzipped = (bytes: Uint8Array, isWanted: (entry: Entry) => boolean): Promise<Record<string, Uint8Array>> =>
  new Promise((resolve, reject) =>
    unzip(bytes, { filter: isWanted }, (error, files) => {
      if (error) return reject(error);
      const damaged = damagedIn(bytes, files);
      if (damaged === null) return resolve(files);
      reject(new Error(`${damaged} is damaged: its checksum is another one`));
    }),
  );

/** The file name of a path. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/**
 * Unpacks the files with the given names, from any folder of an archive. Of equal names the first counts: a small archive may claim
 * thousands. Rejects with an `AdapterError` like `unzipped`, and if the files have more than `most` bytes in total.
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

/** Files by path as folders. */
export function nested(files: Readonly<Record<string, Uint8Array>>) {
  const folders: Record<string, Record<string, Uint8Array> | Uint8Array> = {};
  for (const [path, bytes] of Object.entries(files)) {
    const [name, inner] = path.split("/") as [string, string?];
    if (inner === undefined) folders[name] = bytes;
    else folders[name] = { ...(folders[name] as Record<string, Uint8Array> | undefined), [inner]: bytes };
  }
  return folders;
}
