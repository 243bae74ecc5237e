import { checkOptions } from "../../arguments/options.js";
import { flag } from "../../arguments/settings.js";
import { FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { formatShape, sizeOf, type Tensor } from "../../values/tensor.js";
import { isJsonObject, type Json, parseJson } from "../json.js";

const startsWith = (bytes: Uint8Array, signature: string) =>
  [...signature].every((character, i) => bytes[i] === character.charCodeAt(0));

/** The kind of a file that is not safetensors, by its first bytes; null if unknown. */
export function recogniseForeign(start: Uint8Array): string | null {
  if (start.length === 0) return "an empty file";
  if (startsWith(start, "version https://git-lfs"))
    return "a git-lfs pointer: the file itself was not fetched, `git lfs pull` brings it";
  if (startsWith(start, "GGUF")) return "a GGUF file, which `openGguf` reads";
  if (startsWith(start, "PK\x03\x04"))
    return "a zip archive, such as PyTorch's .bin and .pt: load it there and save it with safetensors.torch.save_file";
  if (start[0] === 0x80 && start[1]! >= 2 && start[1]! <= 5 && start[7] !== 0)
    return "a Python pickle: load it in Python and save it with safetensors.torch.save_file";
  if (startsWith(start, "\x89HDF")) return "an HDF5 file (Keras)";
  if (startsWith(start, "\x1f\x8b")) return "a gzip archive";
  const text = String.fromCharCode(...start.subarray(0, 64)).trimStart();
  if (text.startsWith("<")) return "an HTML or XML page, probably a server's error page saved under this name";
  if (text.startsWith("{")) return "a JSON file, such as the index of a sharded model";
  return null;
}

/** Longest header that the reference implementation reads, in bytes; a longer one is damage or an attack. */
export const MAX_HEADER_LENGTH = 100_000_000;

/** Bytes before the header: its length, a little-endian 64-bit number. */
export const PREFIX_LENGTH = 8;

/** Bytes to read first: the prefix, and enough to recognise other file types. */
export const START_LENGTH = 64;

/** Element type and shape of a tensor in a file. */
export interface TensorInfo {
  /** Element type in the file. */
  readonly dtype: Dtype;
  /** Lengths of the dimensions, outermost first; `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** A tensor's entry in the header; `begin` and `end` count bytes from the end of the header. */
export interface TensorEntry extends TensorInfo {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** A checked header, entries in the order of their data. */
export interface Header {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

const EXPECTED = "expected a safetensors file (8 bytes of header length, a JSON header, tensor data)";

/**
 * Length in bytes of the header, from the first bytes of a file of `size` bytes. `start` are the
 * first `START_LENGTH` of them, or all there are.
 * Throws `FormatError`.
 */
export function readHeaderLength(start: Uint8Array, size: number, file: string): number {
  const fail = (problem: string) =>
    new FormatError(`${file}: ${EXPECTED}, got ${recogniseForeign(start) ?? problem}`, { file, size });
  if (size < PREFIX_LENGTH) throw fail(`only ${size} bytes`);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_LENGTH))
    throw fail(`a header length of ${length} bytes, more than the ${MAX_HEADER_LENGTH} allowed`);
  if (length > BigInt(size - PREFIX_LENGTH))
    throw fail(`a header length of ${length} bytes in a file of ${size}: the file is cut short or is something else`);
  if (length === 0n) throw fail("a header length of 0");
  return Number(length);
}

/** The header's members. Text that starts with "{" and is valid JSON is an object. */
function parseMembers(bytes: Uint8Array, file: string): { readonly [name: string]: Json } {
  const fail = (problem: string, cause?: unknown) =>
    new FormatError(`${file}: ${EXPECTED}, but of the header: ${problem}`, { file }, { cause });
  if (bytes[0] !== 0x7b) throw fail("it does not begin with {");
  return parseJson(bytes, fail, { wholeNumbers: true, byteOrderMark: false }) as { readonly [name: string]: Json };
}

function readEntry(name: string, value: Json, file: string): TensorEntry {
  const tensor = `${file}: tensor ${excerpt(name)}`;
  const fail = (problem: string) => new FormatError(`${tensor}: ${problem}`, { file, tensor: name });
  if (!isJsonObject(value)) throw fail("expected an object with dtype, shape and data_offsets");
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) throw fail(`unknown dtype ${excerpt(dtype)}`);
  if (!Array.isArray(shape) || !shape.every((length) => Number.isSafeInteger(length)))
    throw fail(`expected shape to be a list of whole numbers, got ${excerpt(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every((offset) => Number.isSafeInteger(offset)))
    throw fail(`expected data_offsets to be [begin, end], got ${excerpt(offsets)}`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw fail(`data_offsets [${begin}, ${end}] end before they begin`);
  const bytes = byteLength(dtype, shape);
  if (!Number.isSafeInteger(sizeOf(shape)) || !Number.isInteger(bytes))
    throw fail(`shape ${clip(formatShape(shape))} of ${dtype} does not make a whole number of bytes`);
  if (bytes !== end - begin)
    throw fail(
      `shape ${clip(formatShape(shape))} of ${dtype} takes ${bytes} bytes, data_offsets [${begin}, ${end}] hold ${end - begin}`,
    );
  return { name, dtype, shape: Object.freeze([...(shape as number[])]), begin, end };
}

function readMetadata(value: Json, file: string): Map<string, string> {
  if (!isJsonObject(value))
    throw new FormatError(`${file}: expected __metadata__ to be an object of strings`, { file });
  const metadata = new Map<string, string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw new FormatError(`${file}: expected __metadata__ ${excerpt(key)} to be a string, got ${excerpt(text)}`, {
        file,
        key,
      });
    metadata.set(key, text);
  }
  return metadata;
}

/**
 * Parses and checks a header. `json` are its bytes, `dataLength` the number of bytes that follow it, `file` the name that messages call it
 * by. Checks everything in the specification, so that later code can trust the entries: known dtypes, whole shapes, matching sizes, data
 * without gaps or overlaps, no duplicate keys, metadata of strings. Throws `FormatError`.
 */
export function parseHeader(json: Uint8Array, dataLength: number, file: string): Header {
  let metadata = new Map<string, string>();
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(parseMembers(json, file))) {
    if (name === "__metadata__") metadata = readMetadata(value, file);
    else entries.push(readEntry(name, value, file));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== position) {
      const what = begin > position ? "leaves a hole before it" : "overlaps the tensor before it";
      throw new FormatError(
        `${file}: tensor ${excerpt(name)} ${what}: expected its data at ${position}, got ${begin}`,
        { file, tensor: name },
      );
    }
    position = end;
  }
  if (position !== dataLength)
    throw new FormatError(
      `${file}: the tensors take ${position} bytes, ${dataLength} follow the header: ${position > dataLength ? "the file is cut short" : "bytes are left over"}`,
      { file },
    );
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata };
}

/** Bits an element takes, for every element type of the safetensors format. */
export const dtypeBits = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Element type, as the file names it. */
export type Dtype = keyof typeof dtypeBits;

/** Element types that float32 values can be written as. */
export type FloatDtype = "F32" | "F16" | "BF16";

/** Whether `value` names an element type of the format (case matters: "f32" does not). */
function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(dtypeBits, value);
}

/** Bytes of a tensor. Not whole for a sub-byte type whose elements do not fill the last byte: no file may hold that. */
export function byteLength(dtype: Dtype, shape: readonly number[]): number {
  return (sizeOf(shape) * dtypeBits[dtype]) / 8;
}

/** Options of the readers of weights. */
export interface WeightOptions {
  /** Accept tensors with NaN or infinities, which make every result NaN. Default false: throws and names the tensor. */
  readonly allowNonFinite?: boolean | undefined;
}

/** The options of a reader. Throws `ConfigError` for unknown or invalid ones. */
export function takeWeightOptions(what: string, options: WeightOptions): WeightOptions {
  checkOptions(what, options, ["allowNonFinite"]);
  const { allowNonFinite = false } = options;
  return { allowNonFinite: flag(what, "allowNonFinite", allowNonFinite) };
}

/** Whether elements of a type are floating-point numbers, which weights must be. */
export const isFloat = (dtype: Dtype) => /^B?F\d/.test(dtype);

/** Whether elements of a type can be read as float32; elements of less than a byte cannot. */
export const isReadableFloat = (dtype: Dtype) => isFloat(dtype) && dtypeBits[dtype] >= 8;

/** Position of an element, as `[row, column]`. */
function position(index: number, shape: readonly number[]): string {
  const indices: number[] = [];
  let rest = index;
  for (const length of [...shape].reverse()) {
    indices.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return `[${indices.join(", ")}]`;
}

/**
 * Why a tensor cannot be weights: its elements are not floats or, unless allowed, not finite as float32. The text follows the tensor's
 * name; null if it can.
 * @param dtype element type in the file; @param tensor the tensor
 */
export function weightProblem(
  dtype: Dtype,
  { shape, data }: Tensor,
  { allowNonFinite = false }: WeightOptions = {},
): string | null {
  if (!isFloat(dtype)) return `has elements of type ${dtype}; weights are floating-point numbers`;
  if (allowNonFinite) return null;
  let count = 0;
  let first = -1;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return null;
  const which = `${data[first]} at ${position(first, shape)}`;
  const values = count === 1 ? "1 value that is not finite" : `${count} values that are not finite, the first`;
  return `has ${values}${count === 1 ? ":" : ""} ${which}, of ${data.length}; allowNonFinite: true reads it nevertheless`;
}
