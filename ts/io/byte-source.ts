import { notExpected } from "../arguments/settings.js";
import { fixedBytes, isBytes } from "../arguments/typed-array.js";
import { ConfigError, FormatError } from "../errors/errors.js";
import { clip, excerpt } from "../errors/excerpt.js";

/** Concatenates parts; a single part is returned as it is. */
export function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Throws `ConfigError` for a range outside a tensor's bytes. */
export function checkTensorRange(file: string, tensor: string, bytes: number, begin: number, end: number): void {
  if (Number.isSafeInteger(begin) && Number.isSafeInteger(end) && 0 <= begin && begin <= end && end <= bytes) return;
  throw new ConfigError(
    `${clip(file)}: tensor ${excerpt(tensor)} has ${bytes} bytes, ${excerpt(begin)} to ${excerpt(end)} were asked for`,
    { file, tensor, begin, end },
  );
}

/** Random access to bytes that need not be in memory: a file, a Blob, a URL. */
export interface ByteSource {
  /** Total number of bytes. */
  readonly size: number;
  /**
   * Reads exactly `length` bytes from `offset`; the caller stays within `size`. A source may fill and return `into`, an array of that
   * length, instead of allocating.
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Closes the source; reading then fails. */
  close?(): Promise<void>;
}

/**
 * Exactly `length` bytes of a source from `offset`. Throws `FormatError` if the source returns another number of bytes: its size is wrong,
 * or it has changed.
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

/** Throws `ConfigError` unless a value is a `ByteSource`; its size is checked on use. */
export function checkSource(what: string, source: unknown): asserts source is ByteSource {
  if (typeof source === "object" && source !== null) {
    const { read, close } = source as Partial<ByteSource>;
    const closes = close === undefined || close === null || typeof close === "function";
    if (typeof read === "function" && closes) return;
  }
  throw notExpected(what, "a ByteSource with a function read", source);
}

/** A destination for bytes, piece by piece. */
export interface ByteSink {
  /** Writes the next piece; call it again after the promise is fulfilled. */
  write(bytes: Uint8Array): Promise<void>;
}

/** Throws `ConfigError` unless a value is bytes; an ArrayBuffer is refused. */
export function checkBytes(what: string, bytes: unknown): asserts bytes is Uint8Array {
  if (isBytes(bytes)) return;
  const hint = bytes instanceof ArrayBuffer ? "; new Uint8Array(buffer) makes one of it" : "";
  throw notExpected(what, "a Uint8Array", bytes, hint);
}

/** Throws `ConfigError` unless a value is a file name, for messages. */
export function checkFileName(what: string, file: unknown): asserts file is string {
  if (typeof file !== "string") throw notExpected(what, "a file's name", file);
}

/** Bytes in memory as a source; `read` returns views of them. Throws `ConfigError` unless given a Uint8Array. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  checkBytes("bytesSource", bytes);
  const all = fixedBytes(bytes);
  return { size: all.byteLength, read: async (offset, length) => all.subarray(offset, offset + length) };
}

/** A Blob or File (of a file input, or a response's `blob()`) as a source that reads only what is needed. */
export function blobSource(blob: Blob): ByteSource {
  if (!(blob instanceof Blob)) throw notExpected("blobSource", "a Blob", blob);
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
