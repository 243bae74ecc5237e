import { FormatError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";
import { fixedBytes, isBytes } from "../arguments/typed-array.js";
import { notExpected } from "../arguments/settings.js";

/** Random access to bytes that need not be in memory: a file, a Blob, a remote range. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /**
   * Exactly `length` bytes from `offset`; the caller stays within `size`. Where `into` is given, of that length, a source may fill and
   * give it, instead of memory of its own.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Releases what the source holds open; reading after it fails. */
  close?(): Promise<void>;
}

/**
 * Exactly `length` bytes of a source from `offset`. Throws `FormatError` where the source gives others: it is not what it
 * said, or changed meanwhile.
 */
export async function readRange(
  source: ByteSource,
  offset: number,
  length: number,
  file: string,
  into?: Uint8Array,
): Promise<Uint8Array> {
  const bytes: unknown = await source.read(offset, length, into);
  const given = isBytes(bytes) ? fixedBytes(bytes) : undefined;
  if (given?.byteLength === length) return given;
  const got = given === undefined ? excerpt(bytes) : `${given.byteLength}`;
  throw new FormatError(`${clip(file)}: expected ${length} bytes from ${offset}, got ${got}`, { file, offset, length });
}

/** Throws `ConfigError` unless a value is a `ByteSource`; its size is looked at where it is used. */
export function checkSource(what: string, source: unknown): asserts source is ByteSource {
  if (typeof source === "object" && source !== null) {
    const { read, close } = source as Partial<ByteSource>;
    const closes = close === undefined || close === null || typeof close === "function";
    if (typeof read === "function" && closes) return;
  }
  throw notExpected(what, "a ByteSource with a function read", source);
}

/** Where bytes go, one piece after another. */
export interface ByteSink {
  /** Takes the next piece; the one after it comes when the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Throws `ConfigError` unless a value is bytes; an ArrayBuffer is not, though it holds some. */
export function checkBytes(what: string, bytes: unknown): asserts bytes is Uint8Array {
  if (isBytes(bytes)) return;
  const hint = bytes instanceof ArrayBuffer ? "; new Uint8Array(buffer) makes one of it" : "";
  throw notExpected(what, "a Uint8Array", bytes, hint);
}

/** Throws `ConfigError` unless a value is the name of a file, for messages. */
export function checkFileName(what: string, file: unknown): asserts file is string {
  if (typeof file !== "string") throw notExpected(what, "a file's name", file);
}

/** Bytes already in memory as a source; `read` gives views of them. Throws `ConfigError` for what is no Uint8Array. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  checkBytes("bytesSource", bytes);
  const all = fixedBytes(bytes);
  return { size: all.byteLength, read: async (offset, length) => all.subarray(offset, offset + length) };
}

/** A Blob or File (a file input's, a `fetch` response's `blob()`) as a source that reads only what is asked for. */
export function blobSource(blob: Blob): ByteSource {
  if (!(blob instanceof Blob)) throw notExpected("blobSource", "a Blob", blob);
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
