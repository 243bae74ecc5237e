import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Example } from "./example.js";
import { pickColumns } from "./columns.js";
import type { Column } from "./columns.js";
import { parseDelimited } from "./delimited.js";
import { parseJsonLines } from "./json-lines.js";
import { normaliseText } from "./rows.js";
import type { Row } from "./rows.js";

/** Comma-separated, tab-separated, or a JSON object a line. */
export type ExampleFormat = "csv" | "tsv" | "jsonl";

/** How a file of texts is to be read. */
export interface TextOptions {
  readonly format: ExampleFormat;
  /** Column of the texts: a name, or a number from 0. In JSON Lines the field's name. */
  readonly text: Column;
  /** Whether the first row names the columns. Default "auto": if it holds a name that is asked for. */
  readonly header?: boolean | "auto";
  /** Names of the columns of a file without a header. */
  readonly columns?: readonly string[];
  /** What separates fields, in place of the format's comma or tab. */
  readonly delimiter?: string;
  /** Name by which messages call the file. Default "data". */
  readonly file?: string;
  /** Told what is odd but can be read, such as a header that is repeated further down. */
  readonly onWarning?: (message: string) => void;
}

/** How a file of examples is to be read. */
export interface ExampleOptions extends TextOptions {
  /** Column of the labels, as `text`. */
  readonly label: Column;
  /** The labels there may be. Default: those that are found. */
  readonly labels?: readonly string[];
}

/** Examples of a file, and their classes. */
export interface Examples {
  readonly examples: readonly Example[];
  /** Every label once, sorted: as numbers where all are, else by their characters. A label's index is its class. */
  readonly labels: readonly string[];
}

const extensions: Readonly<Record<string, ExampleFormat>> = { csv: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl" };

/** The format that a file's name says. Throws `ConfigError` where it says none. */
export function exampleFormat(file: string): ExampleFormat {
  const extension = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(extensions, extension)) return extensions[extension]!;
  throw new ConfigError(`${file}: expected a name that ends in .csv, .tsv or .jsonl`, { file });
}

function readRows(text: string, wanted: readonly Column[], options: TextOptions): Row[] {
  const { format, header = "auto", columns, file = "data", onWarning } = options;
  const body = normaliseText(text);
  if (format === "jsonl") return parseJsonLines(body, wanted, file);
  const delimiter = options.delimiter ?? (format === "tsv" ? "\t" : ",");
  return pickColumns(parseDelimited(body, delimiter, file), wanted, { header, columns, file, onWarning });
}

const shown = (labels: readonly string[]) => clip(labels.map((label) => JSON.stringify(label)).join(", "));

function notBlank(field: string, what: string, line: number, file = "data"): string {
  if (field.trim() !== "") return field;
  throw new FormatError(`${file}, line ${line}: the ${what} is empty`, { file, line });
}

/** Labels once each, sorted: as numbers where all are numbers, else by their characters. */
export function sortLabels(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  const isNumber = (label: string) => label.trim() !== "" && Number.isFinite(Number(label));
  return distinct.every(isNumber) ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/**
 * Reads texts of CSV, TSV or JSON Lines.
 * @param text the file's text
 * @throws `FormatError` with the line where the file is broken or a text is empty; `ConfigError` for a column that is not there
 */
export function parseTexts(text: string, options: TextOptions): string[] {
  return readRows(text, [options.text], options).map(({ line, fields }) => notBlank(fields[0]!, "text", line, options.file));
}

/**
 * Reads labelled texts of CSV (quoted fields, a byte order mark, any line ends), TSV (with quoting or without) or JSON Lines.
 * @param text the file's text
 * @throws `FormatError` with the line where the file is broken, a field is empty or a label is not among `options.labels`;
 *   `ConfigError` for a column that is not there
 * @example parseExamples("text,label\n\"Good, really\",1\n", { format: "csv", text: "text", label: "label" })
 */
export function parseExamples(text: string, options: ExampleOptions): Examples {
  const { file = "data", labels } = options;
  const known = labels === undefined ? null : new Set(labels);
  const examples = readRows(text, [options.text, options.label], options).map(({ line, fields }) => {
    const example = { text: notBlank(fields[0]!, "text", line, file), label: notBlank(fields[1]!, "label", line, file).trim() };
    if (known !== null && !known.has(example.label))
      throw new FormatError(`${file}, line ${line}: expected a label of ${shown(labels!)}, got ${excerpt(example.label)}`, { file, line, label: example.label });
    return example;
  });
  return { examples, labels: labels ?? sortLabels(examples.map(({ label }) => label)) };
}
