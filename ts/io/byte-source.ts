/** Random access to bytes that need not be in memory: a file, a Blob, a remote range. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the caller stays within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Releases what the source holds open; reading after it fails. */
  close?(): Promise<void>;
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
