import { FormatError } from "../../../errors/errors.js";
import { exampleFormat, type ExampleFormat } from "../example.js";
import { readConll } from "./conll.js";
import { readJsonTokens } from "./json-tokens.js";
import type { LocatedTokens, TokenReading } from "./located-tokens.js";
import { readWordTable } from "./word-table.js";

/**
 * Reads labelled words: JSON Lines and JSON (`tokens` and `tags`, or `text` and `spans`), CSV and Parquet (one word per row), and CoNLL's
 * format in files with any other extension. Throws `FormatError` with the place for a damaged or empty file.
 */
export async function readTokens(bytes: Uint8Array, reading: TokenReading): Promise<LocatedTokens[]> {
  const { file } = reading;
  const found = await read(bytes, reading);
  if (found.length > 0) return found;
  throw new FormatError(
    `${file}: words${reading.tagged === false ? "" : " with their tags"} are expected, but the file has none`,
    { file },
  );
}

async function read(
  bytes: Uint8Array,
  { file, fields, onWarning, tagged = true }: TokenReading,
): Promise<LocatedTokens[]> {
  const format = formatOf(file);
  if (format === "json" || format === "jsonl") return readJsonTokens(bytes, format, file, fields, tagged);
  if (format === null) return readConll(bytes, file, fields, tagged);
  return readWordTable(bytes, format, { file, fields, onWarning, tagged });
}

/** Null for CoNLL's format, which has no extension of its own and is often called .tsv. */
const formatOf = (file: string): Exclude<ExampleFormat, "tsv"> | null =>
  /\.(csv|jsonl|ndjson|json|parquet|pq)$/i.test(file) ? (exampleFormat(file) as Exclude<ExampleFormat, "tsv">) : null;
