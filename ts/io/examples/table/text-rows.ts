import { ConfigError } from "../../../errors/errors.js";
import { type Column, normaliseText, type Row } from "../row.js";
import { PickedColumns } from "./columns.js";
import { readDelimited, sniffDelimiter } from "./delimited.js";
import { parseJsonLines, parseJsonTable } from "../json.js";
import type { TextOptions } from "../example.js";
import { OtherHalf } from "./other-half.js";

/**
 * Rows of CSV (quoted fields, a byte order mark, any line ends), TSV (with quoting or without), JSON Lines or JSON.
 * @throws `FormatError` with the line for a damaged file; `ConfigError` for a missing column
 */
export function readTextRows(
  text: string,
  wanted: readonly Column[],
  options: TextOptions,
  onHalf?: (column: string | null) => void,
): Row[] {
  const half = onHalf === undefined ? null : new OtherHalf(wanted[0]!);
  const rows = rowsOf(text, wanted, options, half);
  if (half !== null) onHalf!(half.found);
  return rows;
}

function rowsOf(text: string, wanted: readonly Column[], options: TextOptions, half: OtherHalf | null): Row[] {
  const { format, header = "auto", columns, file = "data", onWarning } = options;
  if (format === "parquet")
    throw new ConfigError(`${file}: a Parquet file is not text; pass its bytes to readExamples`, {
      file,
      option: "format",
      value: format,
    });
  const body = normaliseText(text);
  if (format === "jsonl") return parseJsonLines(body, wanted, file, half);
  if (format === "json") return parseJsonTable(body, wanted, file, half);
  const delimiter = options.delimiter ?? sniffDelimiter(body, format === "tsv" ? "\t" : ",", wanted, columns);
  const picked = new PickedColumns(wanted, { header, columns, file, onWarning, half });
  readDelimited(body, delimiter, file, (row) => picked.add(row));
  return picked.rows();
}
