import { ModelError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { ByteSource } from "../byte-source.js";
import { RunningSha256 } from "../sha256.js";
import type { BlobFolder } from "./blob-folders.js";

/**
 * Bytes of a file in one blob. Browsers keep a stream's bytes only when it is closed, so an interruption, or a buffer, costs at most this.
 */
const SEGMENT = 8 * 1024 * 1024;

/** A blob that holds a piece of a file. */
export interface Segment {
  readonly blob: string;
  readonly bytes: number;
}

/** A file in pieces. */
export interface StoredFile {
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
