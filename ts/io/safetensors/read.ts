import { fixedBytes, isBytes } from "../../arguments/typed-array.js";
import { ConfigError, FormatError, type ModelError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import {
  type ByteSource,
  checkBytes,
  checkFileName,
  checkSource,
  checkTensorRange,
  readRange,
} from "../byte-source.js";
import { isJsonObject } from "../json.js";
import { decodeTensor } from "./convert.js";
import {
  type Header,
  parseHeader,
  PREFIX_LENGTH,
  readHeaderLength,
  START_LENGTH,
  type TensorEntry,
  type TensorInfo,
} from "./header.js";

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
function indexOf(header: Header, file: string): TensorIndex & { entry(name: string): TensorEntry } {
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

/** A safetensors file with only its header in memory. */
export interface OpenTensorFile extends TensorIndex {
  /** Reads one tensor as float32. Errors as `TensorFile.tensor`. */
  tensor(name: string): Promise<Tensor>;
  /**
   * Reads a tensor's bytes as stored, or those from `begin` to `end`, so that a large tensor need not be in memory as a whole. Throws
   * `ConfigError` for a range outside the tensor, and for an `into` that is too short.
   * @param into memory that may be used for the result instead of new memory
   */
  raw(name: string, begin?: number, end?: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Access to grouped tensors, which `info` reports as "F32"; undefined for safetensors files. */
  readonly grouped?: GroupedTensors;
  /** Access to the tensors with matrices as stored, `[out, in]`, if they are `[in, out]` here; undefined for safetensors files. */
  readonly outFirst?: OpenTensorFile;
  /** Closes the source. */
  close(): Promise<void>;
}

/**
 * Opens a safetensors file that is not in memory: reads and checks the header, then each tensor on request, so that a large model is never
 * in memory twice.
 * @param source a file, a Blob or anything else with random access
 * @param file name for error messages
 * @throws `FormatError` for an invalid header; the source is then closed
 */
export async function openSafetensors(source: ByteSource, file = "safetensors file"): Promise<OpenTensorFile> {
  checkSource("openSafetensors", source);
  checkFileName("openSafetensors", file);
  try {
    return await open(source, file);
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

/** The beginning of memory that a caller gave. */
function memoryFor(length: number, into: unknown, file: string): Uint8Array {
  const given = isBytes(into) ? fixedBytes(into) : undefined;
  if (given !== undefined && given.byteLength >= length) return given.subarray(0, length);
  throw new ConfigError(
    `${clip(file)}: a Uint8Array of ${length} bytes or more is expected to read into, got ${given === undefined ? excerpt(into) : `one of ${given.byteLength}`}`,
    { file, length },
  );
}

async function open(source: ByteSource, file: string): Promise<OpenTensorFile> {
  const { size } = source;
  if (!Number.isSafeInteger(size) || size < 0)
    throw new FormatError(`${clip(file)}: expected a source of a whole number of bytes, got ${excerpt(size)}`, {
      file,
    });
  const start = await readRange(source, 0, Math.min(START_LENGTH, size), file);
  const headerLength = readHeaderLength(start, size, file);
  const dataStart = PREFIX_LENGTH + headerLength;
  const header = parseHeader(await readRange(source, PREFIX_LENGTH, headerLength, file), size - dataStart, file);
  const { entry, ...index } = indexOf(header, file);
  const raw = async (name: string, from = 0, to?: number, into?: Uint8Array) => {
    const { begin, end } = entry(name);
    const last = to ?? end - begin;
    checkTensorRange(file, name, end - begin, from, last);
    return readRange(source, dataStart + begin + from, last - from, file, into && memoryFor(last - from, into, file));
  };
  const tensor = async (name: string) => {
    const { dtype, shape } = entry(name);
    return { shape, data: decodeTensor(await raw(name), dtype, name) };
  };
  return { ...index, raw, tensor, close: async () => source.close?.() };
}

/** Access to a file's grouped (quantised) tensors, whose bytes are not one element after another. */
export interface GroupedTensors {
  /** The format of frozen weights that stores exactly the file's values; null if there is none. */
  format(name: string): "q8" | "q4" | null;
  /** The format that loses least where `format` is null; null for tensors without groups. */
  nearest(name: string): "q8" | "q4" | null;
  /** The format of tensors of this file that are joined in one weight; null if too many of their values have no groups. */
  joined(file: TensorsInGroups, names: readonly string[]): "q8" | "q4" | null;
  /** Bytes of whole rows in `format(name)`. Null if it cannot store them: use `values` then. */
  convert(name: string, bytes: Uint8Array): Uint8Array | null;
  /** Bytes of a row. */
  rowBytes(name: string): number;
  /** Whole rows' values as float32. */
  values(name: string, bytes: Uint8Array): Float32Array;
}

/** A file that has such tensors. */
interface TensorsInGroups {
  readonly info: (name: string) => { readonly shape: readonly number[] };
  readonly grouped?: GroupedTensors;
}

/** The file of a model in one file. */
export const WEIGHTS = "model.safetensors";

/** The index of a model in several files. */
export const WEIGHTS_INDEX = "model.safetensors.index.json";

/** Maximum number of files of a model; the largest have about two hundred. */
const MOST_FILES = 10_000;

/** The file of each of a model's tensors. */
export interface WeightMap {
  /** Each file once, in order of first mention. */
  readonly files: readonly string[];
  readonly fileOf: ReadonlyMap<string, string>;
}

/**
 * Contents of model.safetensors.index.json. File names must be those of files in the same folder.
 * @param fail makes the error; its text follows the file's name
 */
export function readWeightMap(
  json: { readonly [key: string]: unknown },
  fail: (problem: string) => ModelError,
): WeightMap {
  const map = json["weight_map"];
  if (!isJsonObject(map)) throw fail(`weight_map must say which file each tensor lies in, got ${excerpt(map)}`);
  const fileOf = new Map<string, string>();
  const files = new Set<string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== "string" || !/^[\w-][\w.-]*\.safetensors$/.test(file) || file.length > 200)
      throw fail(`weight_map: ${excerpt(tensor)} must lie in a .safetensors file beside it, got ${excerpt(file)}`);
    files.add(file);
    if (files.size > MOST_FILES) throw fail(`weight_map names more than ${MOST_FILES} files`);
    fileOf.set(tensor, file);
  }
  if (files.size > 0) return { files: [...files], fileOf };
  throw fail("weight_map names no file");
}

/** Several files' names and shapes as one. Throws if a file lacks a tensor. */
export function joinIndexes(
  { files, fileOf }: WeightMap,
  indexes: ReadonlyMap<string, TensorIndex>,
  fail: (problem: string) => ModelError,
): TensorIndex {
  for (const [tensor, file] of fileOf) {
    if (!indexes.get(file)!.has(tensor)) throw fail(`${file} has no tensor ${excerpt(tensor)}, which lies there`);
  }
  const first = indexes.get(files[0]!)!;
  return {
    names: [...fileOf.keys()],
    metadata: first.metadata,
    has: (name) => fileOf.has(name),
    // For a tensor in no file, the first file reports the error.
    info: (name) => indexes.get(fileOf.get(name) ?? files[0]!)!.info(name),
  };
}

/** Several files as one. After an error all are closed. */
export async function openShards(
  map: WeightMap,
  open: (file: string) => Promise<OpenTensorFile>,
  fail: (problem: string) => ModelError,
): Promise<OpenTensorFile> {
  const { files, fileOf } = map;
  const opened = new Map<string, OpenTensorFile>();
  const close = async () => {
    for (const file of opened.values()) await file.close();
  };
  try {
    for (const file of files) opened.set(file, await open(file));
    const of = (tensor: string) => opened.get(fileOf.get(tensor) ?? files[0]!)!;
    return {
      ...joinIndexes(map, opened, fail),
      tensor: async (name) => of(name).tensor(name),
      raw: async (name, begin, end, into) => of(name).raw(name, begin, end, into),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
