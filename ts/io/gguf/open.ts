import { ConfigError, FormatError, UnsupportedError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Tensor } from "../../values/tensor.js";
import { type ByteSource, checkFileName, checkSource, checkTensorRange, readRange } from "../byte-source.js";
import { Exhausted, type GgufValue } from "./metadata.js";
import { dequantize, isReadable } from "./dequantize.js";
import { type GgufEntry, type GgufHeader, HeaderParser } from "./header.js";

/** Bytes to read first: enough for most small models' headers. */
const FIRST = 1 << 20;
/** Longest header that is read. A vocabulary of a quarter of a million tokens takes a twentieth. */
const LONGEST = 1 << 28;

/** A tensor of a GGUF file. */
export interface GgufTensorInfo {
  /** ggml's name: "F32", "Q4_K". */
  readonly type: string;
  /** Lengths of the dimensions, outermost first; `[out, in]` of a linear layer. */
  readonly shape: readonly number[];
  /** Size in the file. */
  readonly bytes: number;
}

/** A GGUF file with only its header in memory. */
export interface GgufFile {
  /** Version of the format, 2 or 3. */
  readonly version: number;
  /** Metadata of the model, its tokenizer and the file, by key. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** A metadata value's bytes: the number of its type, then its contents. Throws `ConfigError` for an unknown key. */
  rawMetadata(key: string): Promise<Uint8Array>;
  /** Tensor names in the order of the header. */
  readonly names: readonly string[];
  /** Whether the file has a tensor of that name. */
  has(name: string): boolean;
  /** Type, shape and size. Throws `ConfigError` for an unknown name. */
  info(name: string): GgufTensorInfo;
  /**
   * Reads a tensor as float32, dequantised as in ggml. Throws `ConfigError` for an unknown name, `UnsupportedError` for types other than
   * F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K.
   */
  tensor(name: string): Promise<Tensor>;
  /** Values of whole blocks of a tensor, from their bytes. Throws as `tensor`. */
  decode(name: string, bytes: Uint8Array): Float32Array<ArrayBuffer>;
  /** A tensor's bytes as stored, or those from `begin` to `end`. Throws `ConfigError` for a range outside the tensor. */
  raw(name: string, begin?: number, end?: number): Promise<Uint8Array>;
  /** Closes the source. */
  close(): Promise<void>;
}

/** `openGguf` of the folder's index, which fetches this file on first use. */
export async function readGguf(source: ByteSource, file: string): Promise<GgufFile> {
  checkSource("openGguf", source);
  checkFileName("openGguf", file);
  try {
    return fileOf(source, await readHeader(source, file), file);
  } catch (error) {
    await source.close?.();
    throw error;
  }
}

async function readHeader(source: ByteSource, file: string): Promise<GgufHeader> {
  const { size } = source;
  if (!Number.isSafeInteger(size) || size < 0)
    throw new FormatError(`${clip(file)}: expected a source of a whole number of bytes, got ${excerpt(size)}`, {
      file,
    });
  const parser = new HeaderParser(size, file);
  let length = Math.min(FIRST, size);
  let bytes = await readRange(source, 0, length, file);
  for (;;) {
    try {
      return parser.parse(bytes);
    } catch (error) {
      if (!(error instanceof Exhausted)) throw error;
      if (error.needed > LONGEST)
        throw new FormatError(`${clip(file)}: its header takes more than the ${LONGEST} bytes that are read`, { file });
      // Doubles each time, so at most twice the header is read.
      const next = Math.min(Math.max(2 * length, error.needed), LONGEST, size);
      const more = new Uint8Array(next);
      more.set(bytes);
      more.set(await readRange(source, length, next - length, file), length);
      [bytes, length] = [more, next];
    }
  }
}

function fileOf(source: ByteSource, header: GgufHeader, file: string): GgufFile {
  const { version, metadata, places, entries, dataStart } = header;
  const entry = (name: string): GgufEntry => {
    const found = entries.get(name);
    if (found !== undefined) return found;
    throw new ConfigError(`${clip(file)} has no tensor ${excerpt(name)}; it has ${entries.size}`, {
      file,
      tensor: name,
    });
  };
  const raw = async (name: string, from = 0, to?: number) => {
    const { begin, end } = entry(name);
    const last = to ?? end - begin;
    checkTensorRange(file, name, end - begin, from, last);
    return readRange(source, dataStart + begin + from, last - from, file);
  };
  const decode = (name: string, bytes: Uint8Array) => {
    const { type } = entry(name);
    if (isReadable(type.name)) return dequantize(type.name, bytes);
    throw new UnsupportedError(
      `${clip(file)}: tensor ${excerpt(name)} has elements of type ${type.name}, which are not decoded here; raw() gives their bytes`,
      { file, tensor: name, dtype: type.name },
    );
  };
  return {
    version,
    metadata,
    rawMetadata: async (key) => {
      const [begin, end] = places.get(key) ?? [0, 0];
      if (end > 0) return readRange(source, begin, end - begin, file);
      throw new ConfigError(`${clip(file)} has no metadata ${excerpt(key)}`, { file, key });
    },
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    info: (name) => {
      const { type, shape, begin, end } = entry(name);
      return { type: type.name, shape, bytes: end - begin };
    },
    tensor: async (name) => {
      const { shape, type } = entry(name);
      // Refused before it is read.
      if (!isReadable(type.name)) decode(name, new Uint8Array(0));
      return { shape, data: decode(name, await raw(name)) };
    },
    decode,
    raw,
    close: async () => source.close?.(),
  };
}
