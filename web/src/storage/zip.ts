import { unzipSync, Zip, ZipDeflate, ZipPassThrough, type Zippable } from "fflate";
import { damagedIn } from "./checksums.js";

// Only functions of fflate that start no worker: theirs come from blobs, which the page's security policy forbids, and they never answer.

/** Bytes that are packed without a pause: about ten milliseconds. */
const PIECE = 2 ** 18;

/** Files by path, with the level of each. */
function* filesIn(files: Zippable, folder = ""): Generator<readonly [path: string, bytes: Uint8Array, level: number]> {
  for (const [name, given] of Object.entries(files)) {
    const [content, { level = 6 }] = Array.isArray(given) ? given : [given, {}];
    if (content instanceof Uint8Array) yield [folder + name, content, level];
    else yield* filesIn(content, `${folder}${name}/`);
  }
}

/** Packs files, by name or path, into one archive. The page answers meanwhile. */
export async function zipped(files: Zippable): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const archive = new Zip((error, part) => {
    if (error) throw error;
    parts.push(part);
  });
  for (const [path, bytes, level] of filesIn(files)) {
    const entry = level === 0 ? new ZipPassThrough(path) : new ZipDeflate(path, { level: level as 6 });
    archive.add(entry);
    for (let from = 0; from < bytes.length; from += PIECE) {
      if (from > 0) await new Promise((resolve) => setTimeout(resolve));
      entry.push(bytes.subarray(from, from + PIECE));
    }
    entry.push(new Uint8Array(0), true);
  }
  archive.end();
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** An entry's header, before it is unpacked. */
interface Entry {
  readonly name: string;
  /** Unpacked size in bytes, as the header claims. */
  readonly originalSize: number;
}

/** Unpacks the selected files of an archive, by path. Rejects if it is not an archive or is damaged. */
export async function unzipped(
  bytes: Uint8Array,
  isWanted: (entry: Entry) => boolean,
): Promise<Record<string, Uint8Array>> {
  const files = unzipSync(bytes, { filter: isWanted });
  const damaged = damagedIn(bytes, files);
  if (damaged === null) return files;
  throw new Error(`${damaged} is damaged: its checksum is another one`);
}

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
