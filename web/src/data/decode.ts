/** Supported encodings of tables, named as in `TextDecoder`. */
export const encodings = ["utf-8", "windows-1252", "utf-16le", "utf-16be"] as const;
export type Encoding = (typeof encodings)[number];

/** Number of bytes in which zeros are counted, to detect UTF-16 without a byte order mark. */
const SAMPLE = 4096;

/** In UTF-8 there are at most this many damaged characters for each one beyond ASCII that is not. */
const DAMAGED = 0.1;

/** Whether bytes are UTF-8, but for a few: a file is often cut within a character, or joined with another one. */
function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    let [whole, damaged] = [0, 0];
    for (const [beyond] of new TextDecoder("utf-8").decode(bytes).matchAll(/[^\0-\x7f]/gu))
      if (beyond === "\ufffd") damaged++;
      else whole++;
    return damaged <= DAMAGED * whole;
  }
}

/** Detects a file's encoding from its byte order mark, its zeros, or by UTF-8; otherwise the Western European one of Windows. */
export function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zeros: [number, number] = [0, 0];
  const sample = bytes.subarray(0, SAMPLE);
  sample.forEach((byte, i) => void (byte === 0 && zeros[(i % 2) as 0 | 1]++));
  if (zeros[1] > sample.length / 8) return "utf-16le";
  if (zeros[0] > sample.length / 8) return "utf-16be";
  return isUtf8(bytes) ? "utf-8" : "windows-1252";
}

/** A file's text with "\n" as line ends and without a byte order mark. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(encoding).decode(bytes).replace(/\r\n?/g, "\n");
}
