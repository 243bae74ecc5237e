import { checkRecord } from "../../arguments/settings.js";
import { FormatError } from "../../errors/errors.js";
import { checkBytes, concatenated } from "../../io/byte-source.js";
import type { FileMap } from "../../io/file-access.js";
import { isJsonObject, type Json } from "../../io/json.js";
import type { BlobFolder } from "../../io/page/storage.js";

/** A piece of a blob: the first `bytes` of a file. */
interface Piece {
  readonly file: string;
  readonly bytes: number;
}

/** The files of each blob. */
type Pieces = ReadonlyMap<string, readonly Piece[]>;

interface List {
  /** Number of lists written so far: of two lists the later one is valid. */
  readonly number: number;
  readonly blobs: Pieces;
}

/** Two files for the list, written in turn. */
export const LISTS: readonly string[] = ["list.0", "list.1"];

/**
 * Blobs by name in a folder that can only write whole files, by a process that may be killed at any moment. Blobs are written to files with
 * new names; then one write of a list makes all of them valid at once. The list has two files, and the valid one is never written to: if
 * the write of the other is cut short, the valid one remains.
 */
export class BlobLedger {
  /** @param storage the storage's name in messages */
  constructor(
    private readonly folder: BlobFolder,
    private readonly storage = "this browser's storage",
  ) {}

  async names(): Promise<string[]> {
    return [...(await this.list()).blobs.keys()];
  }

  /** A blob's bytes, or the first `length` of them; null if there is none. */
  async read(blob: string, length = Infinity): Promise<Uint8Array | null> {
    for (let attempt = 0; ; attempt++) {
      const list = await this.list();
      const pieces = list.blobs.get(blob);
      if (pieces === undefined) return null;
      const bytes = await this.joined(cut(pieces, length));
      if (bytes !== null) return bytes;
      // A reader without a claim may have met a writer, which has replaced the list since.
      if (attempt === 3 || (await this.list()).number === list.number)
        throw new FormatError(`${blob}: a part of it is missing in ${this.storage}`, {
          file: blob,
          reason: "incomplete",
        });
    }
  }

  /** A copy of every blob by name, except those removed meanwhile. */
  async files(): Promise<FileMap> {
    const files: [string, Uint8Array][] = [];
    for (const blob of await this.names()) {
      const bytes = await this.read(blob);
      if (bytes !== null) files.push([blob, bytes]);
    }
    return Object.fromEntries(files);
  }

  /** Replaces the blobs with these names, all of them or none. */
  async write(blobs: readonly (readonly [blob: string, bytes: Uint8Array])[]): Promise<void> {
    const list = await this.list();
    const next = new Map(list.blobs);
    const newFile = await this.newFiles(list);
    for (const [blob, bytes] of blobs) next.set(blob, [await this.put(newFile(), bytes)]);
    await this.commit(list, next);
  }

  /** Truncates a blob to `length` bytes and appends more. */
  async append(blob: string, length: number, bytes: Uint8Array): Promise<void> {
    const list = await this.list();
    const pieces = cut(list.blobs.get(blob) ?? [], length);
    if (sizeOf(pieces) < length)
      throw new FormatError(`${blob} has ${sizeOf(pieces)} bytes, so nothing can be appended at ${length}`, {
        file: blob,
        reason: "incomplete",
        length,
      });
    // A piece no longer than the new bytes is joined with them: pieces stay few, and no byte is copied often.
    let joined = bytes;
    while (pieces.length > 0 && pieces.at(-1)!.bytes <= joined.length) {
      const last = await this.joined([pieces.pop()!]);
      if (last === null)
        throw new FormatError(`${blob}: a part of it is missing in ${this.storage}`, {
          file: blob,
          reason: "incomplete",
        });
      joined = concatenated([last, joined]);
    }
    const piece = await this.put((await this.newFiles(list))(), joined);
    await this.commit(list, new Map(list.blobs).set(blob, [...pieces, piece]));
  }

  async remove(blob: string): Promise<void> {
    const list = await this.list();
    if (!list.blobs.has(blob)) return;
    const next = new Map(list.blobs);
    next.delete(blob);
    await this.commit(list, next);
  }

  /** Invalidates all blobs, the valid list last: the process may be killed before the whole folder is removed. */
  async clear(): Promise<void> {
    const { number } = await this.list();
    for (const at of [number + 1, number]) await this.folder.remove(LISTS[at % 2]!);
  }

  /** Writes the list again, so that an earlier writer that resumes sees the change. */
  async renew(): Promise<void> {
    const list = await this.list();
    await this.commit(list, list.blobs);
  }

  /** Removes files that earlier writers left. */
  async sweep(): Promise<void> {
    const { blobs } = await this.list();
    const used = new Set([...blobs.values()].flat().map(({ file }) => file));
    for (const name of await this.folder.names())
      if (!used.has(name) && !LISTS.includes(name)) await this.folder.remove(name);
  }

  /** Makes `next` the valid list and removes files that it no longer names. A failed removal is no error: the next claim removes them. */
  private async commit({ number, blobs }: List, next: Pieces): Promise<void> {
    const text = JSON.stringify({ number: number + 1, blobs: Object.fromEntries(next) });
    await this.folder.write(LISTS[(number + 1) % 2]!, [new TextEncoder().encode(text)]);
    const used = new Set([...next.values()].flat().map(({ file }) => file));
    for (const { file } of [...blobs.values()].flat())
      if (!used.has(file)) await this.folder.remove(file).catch(() => undefined);
  }

  private async list(): Promise<List> {
    const lists = await Promise.all(
      LISTS.map(async (place) => parseList(await (await this.folder.read(place))?.text())),
    );
    const [a, b] = lists as [List | null, List | null];
    const none: List = { number: 0, blobs: new Map() };
    if (a === null || b === null) return a ?? b ?? none;
    return a.number > b.number ? a : b;
  }

  private async newFiles({ number }: List): Promise<() => string> {
    const taken = new Set(await this.folder.names());
    let count = 0;
    return () => {
      let name: string;
      do name = `${number + 1}-${count++}`;
      while (taken.has(name));
      return name;
    };
  }

  private async put(file: string, bytes: Uint8Array): Promise<Piece> {
    await this.folder.write(file, [bytes]);
    return { file, bytes: bytes.length };
  }

  /** The bytes of pieces; null if one is missing. */
  private async joined(pieces: readonly Piece[]): Promise<Uint8Array | null> {
    const all: Uint8Array[] = [];
    for (const { file, bytes } of pieces) {
      const blob = await this.folder.read(file);
      if (blob === null || blob.size < bytes) return null;
      const read = await blob
        .slice(0, bytes)
        .arrayBuffer()
        .catch(() => null);
      if (read === null) return null;
      all.push(new Uint8Array(read));
    }
    return concatenated(all);
  }
}

/** Checked copies of blobs that `op` got, for `write`. Throws `ConfigError` unless they are bytes by name. */
export function copiedBlobs(op: string, blobs: FileMap): [blob: string, bytes: Uint8Array][] {
  checkRecord(`${op}: bytes by name are expected`, blobs);
  return Object.entries(blobs).map(([blob, bytes]) => {
    checkBytes(op, bytes);
    return [blob, bytes.slice()];
  });
}

const sizeOf = (pieces: readonly Piece[]) => pieces.reduce((sum, { bytes }) => sum + bytes, 0);

/** The first `length` bytes. */
function cut(pieces: readonly Piece[], length: number): Piece[] {
  const kept: Piece[] = [];
  let left = length;
  for (const { file, bytes } of pieces) {
    if (left > 0) kept.push({ file, bytes: Math.min(bytes, left) });
    left -= bytes;
  }
  return kept;
}

/** A list that was written whole; otherwise null. */
function parseList(text: string | undefined): List | null {
  try {
    const { number, blobs } = JSON.parse(text ?? "{}") as Record<string, Json>;
    if (!isCount(number) || !isJsonObject(blobs!)) return null;
    const isPiece = (piece: Json) =>
      isJsonObject(piece) && typeof piece["file"] === "string" && isCount(piece["bytes"]);
    const entries = Object.entries(blobs);
    if (!entries.every(([, pieces]) => Array.isArray(pieces) && pieces.every(isPiece))) return null;
    return { number: number as number, blobs: new Map(entries as unknown as [string, Piece[]][]) };
  } catch {
    return null;
  }
}

const isCount = (value: Json | undefined) => Number.isSafeInteger(value) && (value as number) >= 0;
