import { Inflate } from "fflate";
import { FormatError, UnsupportedError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { type LocalOrigin, rootOf, streamed } from "./picked-files.js";

// A zip is read from its end, where it lists what it holds: files that are not wanted are never read, and each has a checksum
// there. fflate inflates; its own reader of archives goes through all of them and looks at no checksum.

/** A file in an archive. */
interface Entry {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly bytes: number;
  readonly at: number;
}

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
/** The end of an archive: 22 bytes, and a comment of at most 65,535. */
const LONGEST_END = 22 + 65_535;
/** Deflate makes no more of a byte than this. */
const LARGEST_RATIO = 1032;
/** Bytes that are inflated at a time. */
const PIECE = 16 * 1024;

type Failure = (problem: string, cause?: unknown) => FormatError;

const viewOf = async (blob: Blob) => new DataView(await blob.arrayBuffer());

/** An entry of an archive's directory. */
async function readEntries(zip: Blob, name: string, fail: Failure): Promise<Entry[]> {
  const tailStart = Math.max(0, zip.size - LONGEST_END);
  const tail = await viewOf(zip.slice(tailStart));
  let end = tail.byteLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) throw fail("is no zip archive, or is cut short");
  const [count, size, start] = [
    tail.getUint16(end + 10, true),
    tail.getUint32(end + 12, true),
    tail.getUint32(end + 16, true),
  ];
  if (start === 0xffffffff || count === 0xffff)
    throw new UnsupportedError(`${clip(name)}: archives in the zip64 format are not read; pick the folder instead`, {
      file: name,
    });
  if (start + size > tailStart + end) throw fail("lists files where there are none");
  const list = await viewOf(zip.slice(start, start + size));
  const entries: Entry[] = [];
  for (let at = 0; entries.length < count;) {
    if (at + 46 > size || list.getUint32(at, true) !== ENTRY) throw fail(`has a damaged list of files`);
    const [nameBytes, extra, comment] = [28, 30, 32].map((place) => list.getUint16(at + place, true)) as [
      number,
      number,
      number,
    ];
    if (at + 46 + nameBytes > size) throw fail(`has a damaged list of files`);
    entries.push({
      path: new TextDecoder().decode(new Uint8Array(list.buffer, at + 46, nameBytes)),
      // Encrypted files have an unsupported method.
      method: (list.getUint16(at + 8, true) & 1) === 1 ? 99 : list.getUint16(at + 10, true),
      crc: list.getUint32(at + 16, true),
      packed: list.getUint32(at + 20, true),
      bytes: list.getUint32(at + 24, true),
      at: list.getUint32(at + 42, true),
    });
    at += 46 + nameBytes + extra + comment;
  }
  return entries;
}

/** The files of a zip archive; those beside config.json count, in the folder nearest the top. */
export async function zipOrigin(zip: Blob, name: string): Promise<LocalOrigin> {
  const fail: Failure = (problem, cause) => new FormatError(`${clip(name)} ${problem}`, { file: name }, { cause });
  const entries = new Map((await readEntries(zip, name, fail)).map((entry) => [entry.path, entry]));
  const root = rootOf(entries.keys());
  return {
    name: name.replace(/\.zip$/i, ""),
    origin: "zip",
    gguf: null,
    async open(file) {
      const entry = entries.get(root + file);
      return entry === undefined ? null : { size: entry.bytes, chunks: () => extracted(zip, entry, fail) };
    },
  };
}

async function* extracted(zip: Blob, entry: Entry, fail: Failure): AsyncGenerator<Uint8Array> {
  const { path, method, packed, bytes, at, crc } = entry;
  const file = clip(path);
  if (method !== 0 && method !== 8)
    throw fail(`: ${file} is encrypted or packed by another method than deflate; pack it again, or pick the folder`);
  if (packed === 0xffffffff || bytes > packed * LARGEST_RATIO) throw fail(`: ${file} cannot be ${bytes} bytes long`);
  const local = at + 30 > zip.size ? null : await viewOf(zip.slice(at, at + 30));
  if (local?.getUint32(0, true) !== LOCAL) throw fail(`: ${file} is not where the archive says`);
  const start = at + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  if (start + packed > zip.size) throw fail(`: ${file} is cut short`);
  const body = zip.slice(start, start + packed);
  let [sum, count] = [-1, 0];
  for await (const piece of method === 0
    ? streamed(body)
    : inflated(body, (cause) => fail(`: ${file} is damaged`, cause))) {
    count += piece.length;
    if (count > bytes) break;
    sum = crc32(sum, piece);
    yield piece;
  }
  if (count !== bytes || ~sum >>> 0 !== crc) throw fail(`: ${file} is damaged: its size or checksum is another one`);
}

async function* inflated(body: Blob, damaged: (cause: unknown) => FormatError): AsyncGenerator<Uint8Array> {
  const out: Uint8Array[] = [];
  const inflate = new Inflate((piece) => void out.push(piece));
  const push = (piece: Uint8Array, last: boolean) => {
    try {
      inflate.push(piece, last);
    } catch (error) {
      throw damaged(error);
    }
  };
  for await (const chunk of streamed(body)) {
    for (let at = 0; at < chunk.length; at += PIECE) {
      push(chunk.subarray(at, at + PIECE), false);
      yield* out.splice(0);
    }
  }
  push(new Uint8Array(0), true);
  yield* out;
}

let table: Int32Array | null = null;

/** Updates a CRC-32 with more bytes; it starts at -1, and the result is the complement of all bits. */
function crc32(sum: number, bytes: Uint8Array): number {
  table ??= Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  for (const byte of bytes) sum = table[(sum ^ byte) & 255]! ^ (sum >>> 8);
  return sum;
}
