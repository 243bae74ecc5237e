import { ModelError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { ByteSource } from "../byte-source.js";
import { providedFiles } from "../file-access.js";
import { isJsonObject, type Json } from "../json.js";
import { RunningSha256 } from "../sha256.js";
import { type BlobFolder, type BlobFolders, memoryFolders, opfsFolders, opfsRefused, takeLock } from "./storage.js";

/**
 * Bytes of a file in one blob. Browsers keep a stream's bytes only when it is closed, so an interruption, or a buffer, costs at most this.
 */
const SEGMENT = 8 * 1024 * 1024;

/** A blob that holds a piece of a file. */
interface Segment {
  readonly blob: string;
  readonly bytes: number;
}

/** A file in pieces. */
interface StoredFile {
  readonly name: string;
  readonly segments: readonly Segment[];
}

/** Bytes that its pieces hold. */
export const storedBytes = ({ segments }: StoredFile) => segments.reduce((sum, { bytes }) => sum + bytes, 0);

/** A stored file as a source that reads requested bytes. Reading throws `ModelError` if its pieces were removed. */
export function storedSource(folder: BlobFolder, file: StoredFile, where: string): ByteSource {
  const gone = (cause?: unknown) =>
    new ModelError(
      `model ${clip(where)}: ${clip(file.name)} was removed from this browser's storage; call cacheModel again`,
      { model: where, file: file.name },
      { cause },
    );
  const blobs = new Map<string, Promise<Blob>>();
  const open = async ({ blob, bytes }: Segment) => {
    const found = await folder.read(blob);
    if (found?.size !== bytes) throw gone();
    return found;
  };
  const slice = async (segment: Segment, from: number, to: number) => {
    if (!blobs.has(segment.blob)) blobs.set(segment.blob, open(segment));
    const blob = await blobs.get(segment.blob)!;
    return new Uint8Array(await blob.slice(from, to).arrayBuffer());
  };
  return {
    size: storedBytes(file),
    async read(offset, length) {
      let all: Uint8Array | null = null;
      let start = 0;
      try {
        for (const segment of file.segments) {
          const [from, to] = [Math.max(offset, start), Math.min(offset + length, start + segment.bytes)];
          if (from < to) {
            const bytes = await slice(segment, from - start, to - start);
            if (bytes.length === length) return bytes;
            (all ??= new Uint8Array(length)).set(bytes, from - offset);
          }
          start += segment.bytes;
        }
      } catch (error) {
        throw error instanceof ModelError ? error : gone(error);
      }
      return all ?? new Uint8Array(0);
    },
  };
}

/**
 * Names for new blobs, never used before in this folder or a removed one: a reader of a model that another tab removed and downloaded again
 * does not mistake new blobs for its own.
 */
export function newNames(): () => string {
  const own = Math.random();
  let last = 0;
  return () => `${own}-${++last}.part`;
}

/** Appends to a file piece by piece, and hashes it. */
export class FileWriter {
  readonly segments: Segment[] = [];
  private readonly hash = new RunningSha256();
  private buffered: Uint8Array[] = [];
  private waiting = 0;
  /** Bytes that are in the folder for good. */
  safe = 0;

  constructor(
    private readonly folder: BlobFolder,
    private readonly newName: () => string,
    /** Called with the durable part, whenever it grows. */
    private readonly onSafe: (segments: readonly Segment[]) => Promise<void> = async () => undefined,
  ) {}

  /** Number of bytes so far. */
  get bytes(): number {
    return this.safe + this.waiting;
  }

  /** Continues after the pieces of an earlier writer. Returns false, without using any, if one has changed. */
  async resume(segments: readonly Segment[]): Promise<boolean> {
    const blobs: Blob[] = [];
    for (const { blob, bytes } of segments) {
      const found = await this.folder.read(blob);
      if (found?.size !== bytes) return false;
      blobs.push(found);
    }
    for (const blob of blobs) this.hash.add(new Uint8Array(await blob.arrayBuffer()));
    this.segments.push(...segments);
    this.safe = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    return true;
  }

  /** Takes the next bytes, which must not change afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + SEGMENT - this.waiting);
      this.hash.add(piece);
      this.buffered.push(piece);
      this.waiting += piece.length;
      at += piece.length;
      if (this.waiting === SEGMENT) await this.flush();
    }
  }

  /** Makes all bytes durable. */
  async flush(): Promise<void> {
    if (this.waiting === 0) return;
    const segment = { blob: this.newName(), bytes: this.waiting };
    await this.folder.write(segment.blob, this.buffered);
    this.buffered = [];
    this.waiting = 0;
    this.safe += segment.bytes;
    this.segments.push(segment);
    await this.onSafe([...this.segments]);
  }

  /** The SHA-256 of all bytes; nothing may be written afterwards. */
  sha256(): string {
    return this.hash.hex();
  }
}

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
interface PartRecord {
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

/** Folder of all models. Another layout will get another name, so that versions do not read each other's files. */
const AREA = "lowrank-models-1";

/** Where models are kept. */
interface ModelFolders {
  readonly folders: BlobFolders;
  /** Why they are lost with the page; null if they are kept. */
  readonly refused: string | null;
}

const inMemory = memoryFolders();

/** Throws `UnsupportedError` in runtimes with a file system, which have another cache. */
export async function modelFolders(what: string): Promise<ModelFolders> {
  if (providedFiles() !== null)
    throw new UnsupportedError(
      `${what} is for pages and their workers; where there is a file system, resolveModel and fetchModel keep models in a folder`,
      { op: what, missing: "Origin Private File System" },
    );
  const refused = await opfsRefused();
  return { folders: refused === null ? opfsFolders(AREA) : inMemory, refused };
}

/** The lock that goes with a model's folder. */
export const lockOf = (key: string) => `${AREA}/${key}`;

/** The stored state of a model. */
interface FoundModel {
  readonly key: string;
  readonly name: string;
  readonly origin: string;
  readonly bytes: number;
  readonly complete: boolean;
}

/** The state of each folder, by name. */
export async function foundModels({ folders }: ModelFolders): Promise<FoundModel[]> {
  const found: FoundModel[] = [];
  for (const key of await folders.names()) {
    const folder = folders.folder(key);
    const kept = await readCached(folder);
    const record = kept ?? (await readParts(folder));
    const { name = "unknown", origin = "unknown", files = [] } = record ?? {};
    const bytes = files.reduce((sum, file) => sum + storedBytes(file), 0);
    found.push({ key, name, origin, bytes, complete: kept !== null });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Locks a folder without waiting; null if another call or tab has it. Without Web Locks it always succeeds. */
export const tryLock = async (key: string): Promise<(() => void) | null> =>
  (globalThis as Partial<typeof globalThis>).navigator?.locks === undefined ? () => undefined : takeLock(lockOf(key));
