import { gunzipSync } from "fflate";
import type { ColumnDecoder, PageHeader } from "hyparquet/src/types.js";
import type * as columns from "hyparquet/src/column.js";
import type { convert } from "hyparquet/src/convert.js";
import { checkBelow, checkRuns, checkStruct, known, PageProblem } from "./thrift.js";

/** The parts of hyparquet that read a column. */
export interface PageReader extends Pick<typeof columns, "parquetHeader" | "readPage"> {
  readonly convert: typeof convert;
}

/** A flat column of a row group. */
interface ColumnChunk {
  readonly bytes: Uint8Array;
  /** The library's options for decoding it, codec included. */
  readonly decoder: ColumnDecoder;
  readonly rows: number;
  /** Values may be missing. */
  readonly optional: boolean;
  readonly room: Room;
}

/** The most bytes of all pages, packed and unpacked: so many for each byte of the file, and some for small files. */
const UNPACKED_PER_BYTE = 64;
const UNPACKED = 16 * 2 ** 20;

/** The bytes that a file's pages may still use. Groups of rows may claim the same pages. */
export class Room {
  private left: number;

  /** @param size of the file, in bytes */
  constructor(private readonly size: number) {
    this.left = UNPACKED + UNPACKED_PER_BYTE * size;
  }

  /** @throws `PageProblem` if this many bytes exceed the limit */
  take(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0)
      throw new PageProblem(
        `pages of more than ${UNPACKED + UNPACKED_PER_BYTE * this.size} bytes in a file of ${this.size}: write it again with snappy, or split it`,
      );
  }
}

/** Supported codecs, and the highest ratio of unpacked to packed size. */
export const codecs: Readonly<Record<string, number>> = { UNCOMPRESSED: 1, SNAPPY: 64, GZIP: 1032 };

/** Supported encodings. In others a few bytes can represent any number of characters. */
const encodings = ["PLAIN", "PLAIN_DICTIONARY", "RLE_DICTIONARY", "RLE"];

function decompressed(bytes: Uint8Array, size: number, { decoder: { codec }, room }: ColumnChunk): Uint8Array {
  if (!(size >= 0 && size <= bytes.length * codecs[codec]! + 64))
    throw new PageProblem(`a page that claims to hold ${size} bytes in ${bytes.length}`);
  if (codec === "UNCOMPRESSED") return bytes;
  room.take(size);
  const whole = new Uint8Array(size);
  if (codec === "SNAPPY") unpackSnappy(bytes, whole);
  else if (gunzipSync(bytes, { out: whole }).length !== size)
    throw new PageProblem("a page whose size differs from its header");
  return whole;
}

/** A header and bytes as if the page had never been compressed. */
interface PlainPage {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
}

/** Decompresses a data page and checks what it claims: numbers of values, runs of levels and of dictionary entries. */
function plainPage(
  header: PageHeader,
  packed: Uint8Array,
  chunk: ColumnChunk,
  left: number,
  /** Values of the chunk's dictionary; null without one. */
  dictionary: number | null,
): PlainPage {
  const { type } = chunk.decoder;
  const v1 = header.data_page_header;
  const v2 = header.data_page_header_v2;
  const { num_values: count, encoding } = (v1 ?? v2)!;
  if (!encodings.includes(encoding) || (encoding === "RLE" && type !== "BOOLEAN"))
    throw new PageProblem(`values in the encoding ${known(encoding)}; ${encodings.join(", ")} can be read`);
  if (!(count >= 0 && count <= left)) throw new PageProblem(`a page of ${count} values where ${left} are left`);
  const size = Number(header.uncompressed_page_size);
  const levels = v2 ? v2.repetition_levels_byte_length + v2.definition_levels_byte_length : 0;
  if (!(levels >= 0 && levels <= packed.length)) throw new PageProblem("levels that are longer than their page");
  const rest = packed.subarray(levels);
  const isPacked = v2 === undefined || v2.is_compressed !== false;
  const values = isPacked && size > levels ? decompressed(rest, size - levels, chunk) : rest;
  let bytes = values;
  if (levels > 0) {
    bytes = new Uint8Array(levels + values.length);
    bytes.set(packed.subarray(0, levels));
    bytes.set(values, levels);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = v2 ? v2.repetition_levels_byte_length : 0;
  if (chunk.optional && count > 0) {
    if (v2 === undefined) {
      const length = bytes.length >= 4 ? view.getUint32(0, true) : Infinity;
      if (length > bytes.length - 4) throw new PageProblem("levels that are longer than their page");
      checkRuns(bytes.subarray(0, 4 + length), 4, 1, count);
      at = 4 + length;
    } else checkRuns(bytes.subarray(0, levels), at, 1, count);
  }
  if (v2) at = levels;
  if (encoding !== "PLAIN") {
    // The library reads only the values that are not missing, at most these: the last run may be longer.
    const present = count - (chunk.optional ? missing(bytes, v2 ? v2.repetition_levels_byte_length : 4, count) : 0);
    if (encoding === "RLE") checkRuns(bytes, at + 4, 1, present);
    else if (present > 0) {
      // The library would return the indices themselves.
      if (dictionary === null) throw new PageProblem("values of a missing dictionary");
      checkRuns(bytes, at + 1, bytes[at]!, present);
      checkBelow(bytes, at + 1, bytes[at]!, present, dictionary);
    }
    if (v2 !== undefined && present !== count - v2.num_nulls) throw new PageProblem("a wrong number of missing values");
  }
  return {
    bytes,
    header: {
      ...header,
      compressed_page_size: bytes.length,
      uncompressed_page_size: bytes.length,
      ...(v2 && { data_page_header_v2: { ...v2, is_compressed: false } }),
    },
  };
}

/** How many of `count` one-bit levels are 0, in checked runs. */
function missing(bytes: Uint8Array, start: number, count: number): number {
  let [at, seen, zeros] = [start, 0, 0];
  while (seen < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const units = Math.floor(header / 2);
    if (header % 2 === 0) {
      if (((bytes[at++] ?? 0) & 1) === 0) zeros += units;
      seen += units;
      continue;
    }
    for (let i = 0; i < units * 8 && seen < count; i++, seen++)
      if (((bytes[at + (i >> 3)]! >> (i & 7)) & 1) === 0) zeros++;
    at += units;
  }
  return zeros;
}

/**
 * Values of a column's rows, null for missing ones.
 * @throws `PageProblem`, and the library's errors for damaged data
 */
export function readPages(chunk: ColumnChunk, library: PageReader): unknown[] {
  const { bytes, rows } = chunk;
  const decoder: ColumnDecoder = { ...chunk.decoder, codec: "UNCOMPRESSED" };
  const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
  const values: unknown[] = [];
  let dictionary: ReturnType<PageReader["readPage"]>["data"];
  while (values.length < rows) {
    const begin = reader.offset;
    checkStruct(bytes, begin);
    const header = library.parquetHeader(reader);
    const length = header.compressed_page_size;
    if (!(length >= 0 && length <= bytes.length - reader.offset)) throw new PageProblem("a truncated page");
    const packed = bytes.slice(reader.offset, reader.offset + length);
    reader.offset += length;
    chunk.room.take(reader.offset - begin);
    if (header.type === "DICTIONARY_PAGE") {
      const plain = decompressed(packed, Number(header.uncompressed_page_size), chunk);
      const count = header.dictionary_page_header?.num_values ?? -1;
      if (!(count >= 0 && count <= plain.length * 8))
        throw new PageProblem(`a dictionary of ${count} values in ${plain.length} bytes`);
      const raw = read({ ...header, compressed_page_size: plain.length, uncompressed_page_size: plain.length }, plain);
      dictionary = raw && library.convert(raw, decoder);
    } else if (header.type === "DATA_PAGE" || header.type === "DATA_PAGE_V2") {
      const { header: plain, bytes: page } = plainPage(
        header,
        packed,
        chunk,
        rows - values.length,
        dictionary?.length ?? null,
      );
      for (const value of read(plain, page) ?? []) values.push(value);
    } else if (header.type !== "INDEX_PAGE") throw new PageProblem(`a page of the kind ${known(header.type)}`);
  }
  return values;

  function read(header: PageHeader, page: Uint8Array) {
    const at = { view: new DataView(page.buffer, page.byteOffset, page.length), offset: 0 };
    return library.readPage(at, header, decoder, dictionary, undefined, 0).data;
  }
}

/**
 * Unpacks a page that Snappy packed into `out`, which it fills. The library's function never returns from some damaged pages.
 * @throws `PageProblem`
 * @internal exported for its tests
 */
export function unpackSnappy(packed: Uint8Array, out: Uint8Array): void {
  let [at, done] = [0, 0];
  const next = () => {
    if (at >= packed.length) throw new PageProblem("a page that is cut");
    return packed[at++]!;
  };
  /** A number of so many bytes, the lowest first. */
  const number = (size: number) => {
    let value = 0;
    for (let i = 0; i < size; i++) value += next() * 2 ** (8 * i);
    return value;
  };
  /** Checks that so many bytes fit into the page. */
  const room = (length: number) => {
    if (length > out.length - done) throw new PageProblem("a page that is larger than its header says");
    return length;
  };
  // The unpacked size, which the page's header has too.
  while (next() >= 0x80);
  while (at < packed.length) {
    const tag = next();
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const length = room((short < 60 ? short : number(short - 59)) + 1);
      if (length > packed.length - at) throw new PageProblem("a page that is cut");
      out.set(packed.subarray(at, at + length), done);
      at += length;
      done += length;
      continue;
    }
    const near = (tag & 3) === 1;
    const length = room(near ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1);
    const back = near ? (tag >> 5) * 256 + next() : number((tag & 3) === 2 ? 2 : 4);
    if (back === 0 || back > done) throw new PageProblem("a page that repeats bytes before its first");
    // Bytes may repeat those that they write.
    for (const end = done + length; done < end; done++) out[done] = out[done - back]!;
  }
  if (done !== out.length) throw new PageProblem("a page that is smaller than its header says");
}
