import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Example } from "./example.js";
import type { Column } from "./table/columns.js";
import type { Row } from "./table/rows.js";

/** Comma-separated, tab-separated, a JSON object a line, JSON as a whole, or Parquet. */
export type ExampleFormat = "csv" | "tsv" | "jsonl" | "json" | "parquet";

/** How a file of texts is to be read. */
export interface TextOptions {
  readonly format: ExampleFormat;
  /** Column of the texts: a name, or a number from 0. In JSON Lines the field's name. */
  readonly text: Column;
  /** Whether the first row names the columns. Default "auto": if it holds a name that is asked for. */
  readonly header?: boolean | "auto";
  /** Names of the columns of a file without a header. */
  readonly columns?: readonly string[];
  /**
   * What separates fields. Default the format's comma or tab, or where header and rows agree on another alone, that one:
   * comma, semicolon, tab or bar.
   */
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

const extensions: Readonly<Record<string, ExampleFormat>> = {
  ...{ csv: "csv", tsv: "tsv", tab: "tsv", jsonl: "jsonl", ndjson: "jsonl", json: "json" },
  ...{ parquet: "parquet", pq: "parquet" },
};

function formatOf(file: string): ExampleFormat | null {
  const extension = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(extensions, extension) ? extensions[extension]! : null;
}

/** The format that a file's name says. Throws `ConfigError` where it says none. */
export function exampleFormat(file: string): ExampleFormat {
  const format = formatOf(file);
  if (format !== null) return format;
  const advice = /\.(xlsx?|xlsm|ods|numbers)$/i.test(file) ? ": export the sheet as CSV" : "";
  throw new ConfigError(`${file}: expected a name that ends in .csv, .tsv, .jsonl, .json or .parquet${advice}`, { file });
}

const shown = (labels: readonly string[]) => clip(labels.map((label) => JSON.stringify(label)).join(", "));

/** What a row of a file of that name is called by its number: as `placeOf`, a line where the name says no format. */
export const placeIn = (file: string, line: number): string => placeOf(formatOf(file) ?? "csv", line);

/** What a row is called by its number: lines of a file of lines, else items or rows. */
export const placeOf = (format: ExampleFormat, line: number | string, plural = "") =>
  `${format === "json" ? "item" : format === "parquet" ? "row" : "line"}${plural} ${line}`;

function notBlank(row: Row, index: number, what: string, { file = "data", format }: TextOptions): string {
  const field = row.fields[index]!;
  if (field.trim() !== "") return field;
  throw new FormatError(`${file}, ${placeOf(format, row.line)}: the ${what} is empty`, { file, line: row.line });
}

/** Labels once each, sorted: as numbers where all are numbers, else by their characters. */
export function sortLabels(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  const isNumber = (label: string) => label.trim() !== "" && Number.isFinite(Number(label));
  return distinct.every(isNumber) ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/** An example, and where it stands in its file. */
export interface LocatedExample extends Example {
  /** Line of the file that it begins on, from 1; in JSON and Parquet its number from 1. */
  readonly line: number;
  /** What it belongs to, where a column of groups was asked for and is not empty there. */
  readonly group?: string;
}

/** The examples of rows of text, label and, where there are groups, group. Throws `FormatError` where a field is empty or a label is not among `options.labels`. */
export function examplesOf(rows: readonly Row[], options: ExampleOptions): LocatedExample[] {
  const { file = "data", labels, format } = options;
  const known = labels === undefined ? null : new Set(labels);
  return rows.map((row) => {
    const { line } = row;
    const group = row.fields[2]?.trim() ?? "";
    const example = {
      ...{ text: notBlank(row, 0, "text", options), label: notBlank(row, 1, "label", options).trim(), line },
      ...(group !== "" && { group }),
    };
    if (known === null || known.has(example.label)) return example;
    throw new FormatError(
      `${file}, ${placeOf(format, line)}: expected a label of ${shown(labels!)}, got ${excerpt(example.label)}`,
      { file, line, label: example.label },
    );
  });
}
