import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import { fixedBytes, isBytes } from "../../arguments/typed-array.js";
import { checkTensorRange } from "../tensor-range.js";
import { type ByteSource, checkFileName, checkSource, readRange } from "../byte-source.js";
import { decodeTensor } from "./decode.js";
import type { GroupedTensors } from "./grouped.js";
import { parseHeader, PREFIX_LENGTH, readHeaderLength, START_LENGTH } from "./header.js";
import { indexOf } from "./read.js";
import type { TensorIndex } from "./read.js";

/** A safetensors file of which only the header is in memory. */
export interface OpenTensorFile extends TensorIndex {
  /** Reads one tensor as float32. Errors as `TensorFile.tensor`. */
  tensor(name: string): Promise<Tensor>;
  /**
   * Reads one tensor's bytes as stored, or those from `begin` to `end` of them, so that a large tensor never stands in memory
   * as a whole. Throws `ConfigError` for a range that it does not have, and for an `into` that is shorter.
   * @param into memory that the bytes may be put into, instead of new one; what is given tells where they are
   */
  raw(name: string, begin?: number, end?: number, into?: Uint8Array): Promise<Uint8Array>;
  /** Of a file some of whose tensors are stored in groups, which `info` then calls "F32"; no safetensors file is one. */
  readonly grouped?: GroupedTensors;
  /** The same tensors, matrices that are `[in, out]` here as they are stored: `[out, in]`. No safetensors file has it. */
  readonly outFirst?: OpenTensorFile;
  /** Closes the source. */
  close(): Promise<void>;
}

/**
 * Opens a safetensors file that is not in memory: reads and checks the header, then each tensor when it is asked for, so
 * that a large model is never held twice.
 * @param source a file, a Blob or anything else with random access
 * @param file name by which error messages call it
 * @throws `FormatError` where the header breaks the format; the source is closed then
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
