import { FormatError } from "../errors.js";
import { clip, excerpt } from "../excerpt.js";

/** Random access to bytes that need not be in memory: a file, a Blob, a remote range. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the caller stays within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Releases what the source holds open; reading after it fails. */
  close?(): Promise<void>;
}

/**
 * Exactly `length` bytes of a source from `offset`. Throws `FormatError` where the source gives others: it is not what it
 * said, or changed meanwhile.
 */
export async function readRange(source: ByteSource, offset: number, length: number, file: string): Promise<Uint8Array> {
  const bytes: unknown = await source.read(offset, length);
  if (bytes instanceof Uint8Array && bytes.byteLength === length) return bytes;
  const got = bytes instanceof Uint8Array ? `${bytes.byteLength}` : excerpt(bytes);
  throw new FormatError(`${clip(file)}: expected ${length} bytes from ${offset}, got ${got}`, { file, offset, length });
}

/** Where bytes go, one piece after another. */
export interface ByteSink {
  /** Takes the next piece; the one after it comes when the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Bytes already in memory as a source; `read` gives views of them. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.byteLength, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A Blob or File (a file input's, a `fetch` response's `blob()`) as a source that reads only what is asked for. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
