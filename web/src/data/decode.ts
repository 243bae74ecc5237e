/** Encodings that a table may be read in, as `TextDecoder` names them. */
export const encodings = ["utf-8", "windows-1252", "utf-16le", "utf-16be"] as const;
export type Encoding = (typeof encodings)[number];

/** Bytes whose zeros are counted to tell UTF-16 that has no byte order mark. */
const SAMPLE = 4096;

/** The encoding of a file: by its byte order mark, its zeros, or by being valid UTF-8; else what Windows writes in Western Europe. */
export function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zeros: [number, number] = [0, 0];
  const sample = bytes.subarray(0, SAMPLE);
  sample.forEach((byte, i) => void (byte === 0 && zeros[(i % 2) as 0 | 1]++));
  if (zeros[1] > sample.length / 8) return "utf-16le";
  if (zeros[0] > sample.length / 8) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** A file's text with line ends as "\n" and without a byte order mark. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(encoding).decode(bytes).replace(/\r\n?/g, "\n");
}
