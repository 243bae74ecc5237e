import { isJsonObject, type Json } from "../json.js";
import type { BlobFolder } from "./blob-folders.js";
import { type Segment, storedBytes, type StoredFile } from "./cached-file.js";

/** A model's origin. */
const modelOrigins = ["address", "hub", "folder", "file", "zip"] as const;
/** One of them. */
export type ModelOrigin = (typeof modelOrigins)[number];

/** A file that is there whole. */
export interface KeptFile extends StoredFile {
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** A folder's record of its complete model. */
export interface CacheRecord {
  readonly name: string;
  readonly origin: ModelOrigin;
  readonly files: readonly KeptFile[];
}

/** A partly downloaded file, and the server's validator (ETag or date) of it. */
export interface PartFile extends StoredFile {
  readonly url: string;
  readonly validator: string;
  /** Bytes of the whole. */
  readonly total: number;
}

/** A folder's record of an incomplete model. */
export interface PartRecord {
  readonly name: string;
  readonly origin: ModelOrigin;
  readonly files: readonly PartFile[];
}

/** Files of a folder's blobs. A record that is replaced is the old one or the new one: it decides what a folder has. */
const RECORD = "kept.json";
const PART = "kept.json.part";

export const readCached = (folder: BlobFolder) => readRecord<KeptFile>(folder, RECORD, isKeptFile);
export const readParts = (folder: BlobFolder) => readRecord<PartFile>(folder, PART, isPartFile);

/** Marks a model as complete, and removes blobs that are not part of it. */
export async function writeCached(folder: BlobFolder, record: CacheRecord): Promise<void> {
  await writeRecord(folder, RECORD, record);
  await sweep(folder);
}

/** Makes a folder hold no whole model: who removes it may be killed before all of it is gone. */
export const forget = (folder: BlobFolder) => folder.remove(RECORD);

export const writeParts = (folder: BlobFolder, parts: PartRecord) => writeRecord(folder, PART, parts);

/** Removes unreferenced blobs, which dead writers left. A complete model has no parts. */
export async function sweep(folder: BlobFolder, parts: PartRecord | null = null): Promise<void> {
  const kept = await readCached(folder);
  const files = [...(kept?.files ?? []), ...(parts?.files ?? [])];
  const used = new Set(files.flatMap(({ segments }) => segments.map(({ blob }) => blob)));
  if (kept !== null) used.add(RECORD);
  if (parts !== null) used.add(PART);
  for (const name of await folder.names()) if (!used.has(name)) await folder.remove(name);
}

async function writeRecord(folder: BlobFolder, name: string, record: CacheRecord | PartRecord): Promise<void> {
  await folder.write(name, [new TextEncoder().encode(JSON.stringify(record))]);
}

/** A record; null if missing or invalid: its files are then downloaded again. */
async function readRecord<T extends StoredFile>(
  folder: BlobFolder,
  blob: string,
  isFile: (file: Record<string, Json>) => boolean,
): Promise<{ readonly name: string; readonly origin: ModelOrigin; readonly files: readonly T[] } | null> {
  const text = await (await folder.read(blob))?.text();
  try {
    const { name, origin, files } = JSON.parse(text ?? "{}") as Record<string, Json>;
    const fits =
      typeof name === "string" &&
      modelOrigins.includes(origin as ModelOrigin) &&
      Array.isArray(files) &&
      files.every((file: Json) => isJsonObject(file) && isStored(file) && isFile(file));
    return fits ? { name, origin: origin as ModelOrigin, files: files as unknown as T[] } : null;
  } catch {
    return null;
  }
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

function isStored({ name, segments }: Record<string, Json>): boolean {
  const isSegment = (segment: Json) =>
    isJsonObject(segment) && typeof segment["blob"] === "string" && isCount(segment["bytes"]);
  return typeof name === "string" && Array.isArray(segments) && segments.every(isSegment);
}

const isKeptFile = ({ sha256 }: Record<string, Json>) => typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256);

const isPartFile = ({ url, validator, total, segments }: Record<string, Json>) =>
  typeof url === "string" &&
  typeof validator === "string" &&
  isCount(total) &&
  storedBytes({ name: "", segments: segments as unknown as Segment[] }) <= (total as number);
