import { ConfigError } from "../../errors/errors.js";
import { type Column, pickColumns } from "./columns.js";
import { parseDelimited } from "./delimited.js";
import { sniffDelimiter } from "./delimiter.js";
import { parseJsonLines } from "./json-lines.js";
import { parseJsonTable } from "./json-table.js";
import { type ExampleOptions, type Examples, examplesOf, sortLabels, type TextOptions, textsOf } from "./parse.js";
import { normaliseText, type Row } from "./rows.js";

/** Rows of a file that is text. Throws as `parseExamples`. */
export function readTextRows(text: string, wanted: readonly Column[], options: TextOptions): Row[] {
  const { format, header = "auto", columns, file = "data", onWarning } = options;
  if (format === "parquet")
    throw new ConfigError(`${file}: Parquet is no text; readExamples reads its bytes`, { file, option: "format", value: format });
  const body = normaliseText(text);
  if (format === "jsonl") return parseJsonLines(body, wanted, file);
  if (format === "json") return parseJsonTable(body, wanted, file);
  const delimiter = options.delimiter ?? sniffDelimiter(body, format === "tsv" ? "\t" : ",", wanted, columns);
  return pickColumns(parseDelimited(body, delimiter, file), wanted, { header, columns, file, onWarning });
}

/**
 * Reads texts of CSV, TSV, JSON Lines or JSON.
 * @param text the file's text
 * @throws `FormatError` with the line where the file is broken or a text is empty; `ConfigError` for a column that is not there
 */
export function parseTexts(text: string, options: TextOptions): string[] {
  return textsOf(readTextRows(text, [options.text], options), options);
}

/**
 * Reads labelled texts of CSV (quoted fields, a byte order mark, any line ends), TSV (with quoting or without), JSON Lines or
 * JSON.
 * @param text the file's text
 * @throws `FormatError` with the line where the file is broken, a field is empty or a label is not among `options.labels`;
 *   `ConfigError` for a column that is not there
 * @example parseExamples("text,label\n\"Good, really\",1\n", { format: "csv", text: "text", label: "label" })
 */
export function parseExamples(text: string, options: ExampleOptions): Examples {
  const located = examplesOf(readTextRows(text, [options.text, options.label], options), options);
  const examples = located.map(({ text, label }) => ({ text, label }));
  return { examples, labels: options.labels ?? sortLabels(examples.map(({ label }) => label)) };
}
