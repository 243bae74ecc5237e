import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import type { Column, Row } from "./row.js";

/** A labelled text. */
export interface Example {
  /** The text. */
  readonly text: string;
  /** Name of its class. */
  readonly label: string;
}

/** Comma-separated, tab-separated, JSON Lines, JSON, or Parquet. */
export type ExampleFormat = "csv" | "tsv" | "jsonl" | "json" | "parquet";

/** How to read a file of texts. */
export interface TextOptions {
  readonly format: ExampleFormat;
  /** Column of the texts: a name, or an index from 0. In JSON Lines the field's name. */
  readonly text: Column;
  /** Whether the first row contains the columns' names. Default "auto": if it contains a requested name. */
  readonly header?: boolean | "auto";
  /** Names of the columns of a file without a header. */
  readonly columns?: readonly string[];
  /**
   * Separator of fields. Default: the format's comma or tab; another one of comma, semicolon, tab and bar if it is the only one on which
   * header and rows agree.
   */
  readonly delimiter?: string;
  /** Name of the file in messages. Default "data". */
  readonly file?: string;
  /** Called with warnings, for example about a header that is repeated further down. */
  readonly onWarning?: (message: string) => void;
}

/** How to read a file of examples. */
export interface ExampleOptions extends TextOptions {
  /** Column of the labels, in the form of `text`. */
  readonly label: Column;
  /** The allowed labels. Default: all that are found. */
  readonly labels?: readonly string[];
}

const extensions: Readonly<Record<string, ExampleFormat>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  parquet: "parquet",
  pq: "parquet",
};

function formatOf(file: string): ExampleFormat | null {
  const extension = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(extensions, extension) ? extensions[extension]! : null;
}

/** The format by a file's name. Throws `ConfigError` for an unknown one. */
export function exampleFormat(file: string): ExampleFormat {
  const format = formatOf(file);
  if (format !== null) return format;
  const advice = /\.(xlsx?|xlsm|ods|numbers)$/i.test(file) ? ": export the sheet as CSV" : "";
  throw new ConfigError(`${file}: expected a name that ends in .csv, .tsv, .jsonl, .json or .parquet${advice}`, {
    file,
  });
}

const shown = (labels: readonly string[]) => clip(labels.map((label) => JSON.stringify(label)).join(", "));

/** What to call a row of a file with that name, as `placeOf`; a line if the name has no known format. */
export const placeIn = (file: string, line: number): string => placeOf(formatOf(file) ?? "csv", line);

/** What to call a row by its number: line, item or row. */
export const placeOf = (format: ExampleFormat, line: number | string, plural = "") =>
  `${format === "json" ? "item" : format === "parquet" ? "row" : "line"}${plural} ${line}`;

function notBlank(row: Row, index: number, what: string, { file = "data", format }: TextOptions): string {
  const field = row.fields[index]!;
  if (field.trim() !== "") return field;
  throw new FormatError(`${file}, ${placeOf(format, row.line)}: the ${what} is empty`, { file, line: row.line });
}

/** Distinct labels, sorted: numerically if all are numbers, else by their characters. */
export function sortLabels(labels: Iterable<string>): string[] {
  const distinct = [...new Set(labels)];
  const isNumber = (label: string) => label.trim() !== "" && Number.isFinite(Number(label));
  return distinct.every(isNumber) ? distinct.sort((a, b) => Number(a) - Number(b)) : distinct.sort();
}

/** An example and its place in the file. */
export interface LocatedExample extends Example {
  /** Line on which it begins, from 1; in JSON and Parquet its number from 1. */
  readonly line: number;
  /** Group, if there is a column of groups and it is not empty. */
  readonly group?: string;
}

/**
 * Examples from rows of text, label and, if there is one, group. Throws `FormatError` for an empty field, and for a label that is not in
 * `options.labels`.
 */
export function examplesOf(rows: readonly Row[], options: ExampleOptions): LocatedExample[] {
  const { file = "data", labels, format } = options;
  const known = labels === undefined ? null : new Set(labels);
  return rows.map((row) => {
    const { line } = row;
    const group = row.fields[2]?.trim() ?? "";
    const example = {
      text: notBlank(row, 0, "text", options),
      label: notBlank(row, 1, "label", options).trim(),
      line,
      ...(group !== "" && { group }),
    };
    if (known === null || known.has(example.label)) return example;
    throw new FormatError(
      `${file}, ${placeOf(format, line)}: expected a label of ${shown(labels!)}, got ${excerpt(example.label)}`,
      { file, line, label: example.label },
    );
  });
}
