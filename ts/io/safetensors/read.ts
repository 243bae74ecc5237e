import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import { fixedBytes } from "../../arguments/typed-array.js";
import { checkBytes, checkFileName } from "../byte-source.js";
import { decodeTensor } from "./decode.js";
import { parseHeader, PREFIX_LENGTH, readHeaderLength, START_LENGTH } from "./header.js";
import type { Header, TensorEntry, TensorInfo } from "./header.js";

/** The contents of a safetensors file's header. */
export interface TensorIndex {
  /** Tensor names in the order of their data. */
  readonly names: readonly string[];
  /** The file's `__metadata__`. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Whether the file has a tensor of that name. */
  has(name: string): boolean;
  /** Element type and shape. Throws `ConfigError` for an unknown name. */
  info(name: string): TensorInfo;
}

/** A safetensors file in memory. */
export interface TensorFile extends TensorIndex {
  /**
   * The tensor as float32, in new memory; types with more precision are rounded to nearest. Throws `ConfigError` for an unknown name,
   * `UnsupportedError` for complex and sub-byte elements.
   */
  tensor(name: string): Tensor;
  /** The tensor's bytes as stored: a view of the file's memory. */
  raw(name: string): Uint8Array;
}

/** The methods that need only the header. */
export function indexOf(header: Header, file: string): TensorIndex & { entry(name: string): TensorEntry } {
  const { entries, metadata } = header;
  const names = [...entries.keys()];
  const entry = (name: string) => {
    const found = entries.get(name);
    if (found) return found;
    const some =
      names
        .slice(0, 5)
        .map((known) => clip(known, 80))
        .join(", ") + (names.length > 5 ? ", …" : "");
    throw new ConfigError(`${file} has no tensor "${clip(name)}"; it has ${names.length}: ${some}`, {
      file,
      tensor: name,
    });
  };
  const info = (name: string) => {
    const { dtype, shape } = entry(name);
    return { dtype, shape };
  };
  return { names, metadata, has: (name) => entries.has(name), info, entry };
}

/**
 * Reads and checks only a header: `read` returns bytes at an offset of a file of `size` bytes. Errors as `readSafetensors`.
 */
export function readIndex(
  read: (offset: number, length: number) => Uint8Array,
  size: number,
  file: string,
): ReturnType<typeof indexOf> & { readonly dataStart: number } {
  const headerLength = readHeaderLength(read(0, Math.min(START_LENGTH, size)), size, file);
  const dataStart = PREFIX_LENGTH + headerLength;
  const header = parseHeader(read(PREFIX_LENGTH, headerLength), size - dataStart, file);
  return { ...indexOf(header, file), dataStart };
}

/**
 * Reads a safetensors file in memory; data are copied when a tensor is requested.
 * @param given the whole file, at any alignment
 * @param file name for error messages
 * @throws `FormatError` for invalid bytes, with their likely format
 * Format: https://github.com/huggingface/safetensors#format
 */
export function readSafetensors(given: Uint8Array, file = "safetensors file"): TensorFile {
  checkBytes("readSafetensors", given);
  const bytes = fixedBytes(given);
  checkFileName("readSafetensors", file);
  const read = (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const { entry, dataStart, ...index } = readIndex(read, bytes.byteLength, file);
  const raw = (name: string) => {
    const { begin, end } = entry(name);
    return bytes.subarray(dataStart + begin, dataStart + end);
  };
  const tensor = (name: string) => {
    const { dtype, shape } = entry(name);
    return { shape, data: decodeTensor(raw(name), dtype, name) };
  };
  return { ...index, raw, tensor };
}
