/** Encodings of tables from before Unicode, named as in `TextDecoder`, each with its languages: those of Windows and East Asia. */
const older = {
  "windows-1250": "cs hr hu pl ro sk sl",
  "windows-1251": "be bg kk mk ru sr uk",
  "windows-1253": "el",
  "windows-1254": "az tr",
  "windows-1255": "he",
  "windows-1256": "ar fa ur",
  "windows-1257": "et lt lv",
  shift_jis: "ja",
  gb18030: "zh",
  big5: "zh-TW zh-HK",
  "euc-kr": "ko",
  "windows-1252": "",
} as const;

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | keyof typeof older;
/** Supported encodings of tables, named as in `TextDecoder`. */
export const encodings: readonly Encoding[] = [
  "utf-8",
  "windows-1252",
  "utf-16le",
  "utf-16be",
  ...(Object.keys(older) as Encoding[]).filter((name) => name !== "windows-1252"),
];

/** The encoding that spreadsheets in a language use for CSV files; nothing in the files tells it. */
function olderEncoding(language: string): Encoding {
  const named = (name: string) =>
    Object.entries(older).find(([, languages]) => languages.split(" ").includes(name))?.[0];
  return (named(language) ?? named(language.split("-")[0]!) ?? "windows-1252") as Encoding;
}

/** Number of bytes in which zeros are counted, to detect UTF-16 without a byte order mark. */
const SAMPLE = 4096;

/** Most damaged characters for each one beyond ASCII that is not, in UTF-8. */
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

/** Detects a file's encoding from its byte order mark, its zeros, or by UTF-8; otherwise that of the browser's language. */
export function encodingOf(bytes: Uint8Array, language = new Intl.NumberFormat().resolvedOptions().locale): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const zeros: [number, number] = [0, 0];
  const sample = bytes.subarray(0, SAMPLE);
  sample.forEach((byte, i) => void (byte === 0 && zeros[(i % 2) as 0 | 1]++));
  if (zeros[1] > sample.length / 8) return "utf-16le";
  if (zeros[0] > sample.length / 8) return "utf-16be";
  return isUtf8(bytes) ? "utf-8" : olderEncoding(language);
}

/** A file's text with "\n" as line ends and without a byte order mark. */
export function decode(bytes: Uint8Array, encoding: Encoding): string {
  return new TextDecoder(encoding).decode(bytes).replace(/\r\n?/g, "\n");
}
