import { ConfigError } from "../../errors/errors.js";

/** The most characters of a string in every runtime. */
export const LONGEST_TEXT = 2 ** 29 - 24;

/** First bytes of files that are not text, and advice. */
const packed: readonly (readonly [begin: readonly number[], what: string])[] = [
  [[0x1f, 0x8b], "a gzip file: unpack it first"],
  [[0x50, 0x4b, 0x03, 0x04], "a zip file or an Excel workbook: unpack it, or save the sheet as CSV (UTF-8)"],
  [[0x28, 0xb5, 0x2f, 0xfd], "a zstd file: unpack it first"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook: save the sheet as CSV (UTF-8)"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file: its name should end in .parquet"],
  [[0xff, 0xfe, 0x00, 0x00], "text in UTF-32: save it as UTF-8"],
];

/** Bytes of a file to examine, and bytes around an invalid one. */
const SAMPLE = 4096;
const AROUND = 12;

const begins = (bytes: Uint8Array, begin: readonly number[]) => begin.every((byte, i) => bytes[i] === byte);

/** Characters of Windows-1252 from 0x80 to 0x9f: some versions of Node decode them as Latin-1. */
const WINDOWS = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";

const windowsCharacter = (byte: number) =>
  byte >= 0x80 && byte < 0xa0 ? WINDOWS[byte - 0x80]! : String.fromCharCode(byte);

/** Offset of the first byte that is not UTF-8; the length if there is none. */
function firstStrange(bytes: Uint8Array): number {
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i]!;
    const more =
      byte < 0x80
        ? 0
        : byte >= 0xc2 && byte < 0xe0
          ? 1
          : byte >= 0xe0 && byte < 0xf0
            ? 2
            : byte >= 0xf0 && byte < 0xf5
              ? 3
              : -1;
    if (more < 0) return i;
    for (let k = 1; k <= more; k++) if ((bytes[i + k] ?? 0) >> 6 !== 2) return i;
    i += more + 1;
  }
  return i;
}

/** The kind of a file that is not text, by its first bytes; null if unknown. */
function strangeKind(bytes: Uint8Array): string | null {
  const found = packed.find(([begin]) => begins(bytes, begin));
  if (found !== undefined) return `this is ${found[1]}`;
  const zeros: [number, number] = [0, 0];
  const sample = bytes.subarray(0, SAMPLE);
  for (const [i, byte] of sample.entries()) if (byte === 0) zeros[i % 2 === 0 ? 0 : 1]++;
  const [least, most] = [Math.min(...zeros), Math.max(...zeros)];
  if (most <= sample.length / 8) return null;
  // ASCII in UTF-16 has every other byte zero.
  return least > most / 8 ? BINARY : "this looks like UTF-16 without a byte order mark: save it as UTF-8";
}

const BINARY = "this is a binary file, not text: is it the right one?";

/** Share of control characters above which bytes that are not UTF-8 are not text in an older encoding either. */
const CONTROLS = 0.02;

/** Whether bytes that are not UTF-8 have more control characters than text, tabs and line ends apart. */
function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SAMPLE);
  const isControl = (byte: number) => byte < 0x09 || (byte > 0x0d && byte < 0x20) || byte === 0x7f;
  return sample.filter(isControl).length > CONTROLS * sample.length;
}

/** The probable encoding of bytes that are not UTF-8. */
function explain(bytes: Uint8Array): string {
  const kind = strangeKind(bytes);
  if (kind !== null) return kind;
  if (isBinary(bytes)) return BINARY;
  const place = firstStrange(bytes);
  let line = 1;
  for (let i = 0; i < place; i++) if (bytes[i] === 0x0a) line++;
  // 0x80 to 0x9f are characters in Windows-1252, controls in ISO 8859-1.
  const windows = bytes.some((byte) => byte >= 0x80 && byte < 0xa0);
  const around = bytes.subarray(Math.max(0, place - AROUND), place + AROUND);
  const text = Array.from(around, windowsCharacter)
    .join("")
    .replace(/[\s\p{C}]+/gu, " ");
  const hex = (bytes[place] ?? 0).toString(16).toUpperCase();
  const name = windows ? "Windows-1252" : "Latin-1 (ISO 8859-1)";
  return (
    `byte 0x${hex} on line ${line} looks like ${name}, "${text}": save it as UTF-8, ` +
    `for example by iconv -f ${windows ? "windows-1252" : "latin1"} -t utf-8 OLD > NEW`
  );
}

/** Bytes after a UTF-16 byte order mark, as text. */
function decodeWide(bytes: Uint8Array, file: string): string {
  const big = bytes[0] === 0xfe;
  if (bytes.length % 2 === 1)
    throw new ConfigError(
      `${file}: this is UTF-16 by its byte order mark, with an odd number of bytes: it is truncated`,
      { file },
    );
  try {
    return new TextDecoder(big ? "utf-16be" : "utf-16le", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(
      `${file}: this is UTF-16 by its byte order mark, but not all of it: save it as UTF-8`,
      { file },
      { cause },
    );
  }
}

/**
 * The text of a file in UTF-8, or in UTF-16 with a byte order mark. Throws `ConfigError` if it is too long for a string, or in another
 * encoding, which the message names.
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  if (bytes.length > LONGEST_TEXT) {
    throw new ConfigError(`${file}: at most ${LONGEST_TEXT} bytes can be read, it has ${bytes.length}: split it`, {
      file,
    });
  }
  const utf32 = begins(bytes, [0xff, 0xfe, 0, 0]);
  if (!utf32 && (begins(bytes, [0xff, 0xfe]) || begins(bytes, [0xfe, 0xff]))) return decodeWide(bytes, file);
  const kind = strangeKind(bytes);
  if (kind !== null) throw new ConfigError(`${file}: UTF-8 text is expected; ${kind}`, { file });
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(`${file}: UTF-8 text is expected; ${explain(bytes)}`, { file }, { cause });
  }
}
