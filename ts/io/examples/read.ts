import { isBytes } from "../../arguments/typed-array.js";
import { checkOptions } from "../../arguments/options.js";
import { callable, namesFrom, oneOf, text as textSetting, unexpected } from "../../arguments/settings.js";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import type { Column, Row } from "./row.js";
import {
  type Example,
  type ExampleFormat,
  exampleFormat,
  type ExampleOptions,
  examplesOf,
  type LocatedExample,
  placeOf,
  sortLabels,
  type TextOptions,
} from "./example.js";
import { decodeText } from "./text-encoding.js";
import { lazyChunk } from "../../waiting/lazy-chunk.js";

const parquetParser = /* @__PURE__ */ lazyChunk(async () => (await import("./parquet/read.js")).parseParquet);
const textReader = /* @__PURE__ */ lazyChunk(async () => (await import("./table/text-rows.js")).readTextRows);

/** Options of `readExamples`. */
export interface ReadOptions extends Partial<Omit<ExampleOptions, "format">> {
  /** Format of the file. Default: by the extension in `file`; without one, Parquet if the bytes are, else CSV. */
  readonly format?: ExampleFormat;
  /** Column of the texts: a name, or an index from 0. In JSON the field's name. Default "text". */
  readonly text?: Column;
  /** Column of the labels, in the form of `text`. Default "label". */
  readonly label?: Column;
  /** Column of groups (a customer, a thread), in the form of `text`; for the option `groups` of `splitExamples`. Default: none. */
  readonly group?: Column;
  /** What to do with examples with an empty text: throw an error with their lines, or skip them. Default "refuse". */
  readonly emptyTexts?: "refuse" | "leave out";
  /** What to do with examples with an empty label: throw an error with their lines, or skip them. Default "refuse". */
  readonly emptyLabels?: "refuse" | "leave out";
}

/** The columns of the examples in their file. */
export interface ExampleColumns {
  /** Column of the texts: a name, or an index from 0. */
  readonly text: Column;
  /** Column of the labels. */
  readonly label: Column;
  /** Column that seems to be the other text of a pair, such as `question2` for `question1`; null for none. */
  readonly pairedWith: string | null;
}

/** The examples of a file, their lines, their classes, and what was skipped. */
export interface ReadExamples {
  /** Examples in the file's order. */
  readonly examples: readonly LocatedExample[];
  /** Distinct labels, sorted: numerically if all are numbers, else by their characters. A label's index is its class. */
  readonly labels: readonly string[];
  /** Lines of examples that were skipped because their text is empty. */
  readonly emptyTexts: readonly number[];
  /** Lines of examples that were skipped because their label is empty. */
  readonly emptyLabels: readonly number[];
  /** The columns, for `summariseExamples`. */
  readonly columns: ExampleColumns;
}

const FORMATS: readonly ExampleFormat[] = ["csv", "tsv", "jsonl", "json", "parquet"];
const NAMES: readonly (keyof ReadOptions)[] = [
  "format",
  "text",
  "label",
  "group",
  "header",
  "columns",
  "delimiter",
  "file",
  "labels",
  "onWarning",
  "emptyTexts",
  "emptyLabels",
] as const;

const WHAT = "readExamples";

function takeColumn(name: string, value: unknown): Column {
  if (typeof value === "string" || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as Column;
  throw unexpected(WHAT, name, "the name of a column or its number from 0", value);
}

/** A checked copy of the options. */
function takeOptions(
  given: ReadOptions,
): Omit<Required<ReadOptions>, "format" | "group" | "columns" | "delimiter" | "labels" | "onWarning"> & ReadOptions {
  checkOptions(WHAT, given, NAMES);
  const { format, text = "text", label = "label", header = "auto", file = "data" } = given;
  const { group, columns, delimiter, labels, onWarning, emptyTexts = "refuse", emptyLabels = "refuse" } = given;
  if (header !== "auto" && typeof header !== "boolean")
    throw unexpected(WHAT, "header", 'true, false or "auto"', header);
  if (
    delimiter !== undefined &&
    (typeof delimiter !== "string" || delimiter.length !== 1 || /["\r\n\ufeff]/.test(delimiter))
  )
    throw unexpected(WHAT, "delimiter", "one character, which is no quotation mark or line end", delimiter);
  return {
    text: takeColumn("text", text),
    label: takeColumn("label", label),
    header,
    file: textSetting(WHAT, "file", file),
    emptyTexts: oneOf(WHAT, "emptyTexts", emptyTexts, ["refuse", "leave out"]),
    emptyLabels: oneOf(WHAT, "emptyLabels", emptyLabels, ["refuse", "leave out"]),
    ...(group !== undefined && { group: takeColumn("group", group) }),
    ...(format !== undefined && { format: oneOf(WHAT, "format", format, FORMATS) }),
    ...(columns !== undefined && { columns: namesFrom(`${WHAT}: columns is a list of names`, columns) }),
    ...(delimiter !== undefined && { delimiter }),
    ...(labels !== undefined && { labels: namesFrom(`${WHAT}: labels is a list of labels`, labels) }),
    ...(onWarning !== undefined && { onWarning: callable(WHAT, "onWarning", onWarning) }),
  };
}

const isParquet = (bytes: Uint8Array) =>
  bytes.length >= 12 && [0x50, 0x41, 0x52, 0x31].every((byte, i) => bytes[i] === byte);

/** Whether a name has a known extension. */
const saysFormat = (file: string) => /\.(csv|tsv|tab|jsonl|ndjson|json|parquet|pq)$/i.test(file);

/**
 * Texts of the requested columns of a file of any format. `onHalf` is called if the first of them seems to be one text of a pair. Throws
 * `ConfigError` for a missing column, `FormatError` for a broken file.
 */
export async function rowsOf(
  bytes: Uint8Array | string,
  wanted: readonly Column[],
  options: TextOptions,
  onHalf?: (column: string | null) => void,
): Promise<Row[]> {
  const { format, file = "data" } = options;
  const isParquetFile = typeof bytes !== "string" && format === "parquet";
  // The readers are loaded on demand; until then the caller may change the bytes.
  const taken = isParquetFile ? new Uint8Array(bytes) : typeof bytes === "string" ? bytes : decodeText(bytes, file);
  if (typeof taken !== "string") return (await parquetParser())(taken, wanted, file, onHalf);
  return (await textReader())(taken, wanted, options, onHalf);
}

/** Lines of examples without a text or a label, as many as a message lists. */
function named(lines: readonly number[]): string {
  const first = lines.slice(0, 5).join(", ");
  return lines.length > 5 ? `${first} and ${lines.length - 5} more` : first;
}

/**
 * Reads texts without labels from a file of any format, one for each row, so that answers can be put next to rows. Empty texts stay, with a
 * warning. Throws as `readExamples`.
 */
export async function readTexts(bytes: Uint8Array, options: TextOptions): Promise<string[]> {
  const rows = await rowsOf(bytes, [options.text], options);
  const empty = rows.filter(({ fields }) => fields[0]!.trim() === "").map(({ line }) => line);
  if (empty.length > 0) {
    const { file = "data", format, onWarning } = options;
    const places = placeOf(format, named(empty), empty.length === 1 ? "" : "s");
    const text = empty.length === 1 ? ["text is", "it"] : ["texts are", "each"];
    onWarning?.(`${file}: the ${text[0]} empty in ${places}; ${text[1]} still gets a prediction`);
  }
  return rows.map(({ fields }) => fields[0]!);
}

/**
 * Reads labelled texts: CSV and TSV (quoted fields, any line ends; semicolons and other delimiters are detected), JSON Lines, JSON (a list
 * of objects, an object with one such list, or lists by column) and Parquet (flat columns, uncompressed, snappy or gzip). Text is UTF-8, or
 * UTF-16 with a byte order mark. Time and memory are in proportion to the file.
 *
 * @param bytes the file, or its text
 * @throws `ConfigError` for invalid options, a missing column, or another encoding, which it names; `FormatError` with the line for a
 *   broken file, an empty field, or a label that is not in `options.labels`
 * @example
 * const { examples, labels } = await readExamples(await readFile("reviews.csv"), { file: "reviews.csv", label: "stars" });
 */
export async function readExamples(bytes: Uint8Array | string, options: ReadOptions = {}): Promise<ReadExamples> {
  if (typeof bytes !== "string" && !isBytes(bytes))
    throw new ConfigError(`${WHAT}: a file's bytes or text are expected, got ${excerpt(bytes)}`, {
      op: WHAT,
      option: "bytes",
      value: bytes,
    });
  const taken = takeOptions(options);
  if (typeof bytes === "string" && saysFormat(bytes) && !/[\n,;\t|]/.test(bytes))
    throw new ConfigError(
      `${WHAT}: a file's bytes or text are expected, got the name ${excerpt(bytes)}: read it first, as in ` +
        `${WHAT}(await readFile(name), { file: name })`,
      { op: WHAT, option: "bytes", value: bytes },
    );
  const { file, text, label, group } = taken;
  const isBinary = typeof bytes !== "string" && isParquet(bytes);
  const format = taken.format ?? (saysFormat(file) ? exampleFormat(file) : isBinary ? "parquet" : "csv");
  const how = { ...taken, format, text, label };
  let pairedWith: string | null = null;
  const wanted = group === undefined ? [text, label] : [text, label, group];
  const rows = await rowsOf(bytes, wanted, how, (column) => (pairedWith = column));
  const filled = filledRows(rows, how, { text: ({ fields }) => fields[0], label: ({ fields }) => fields[1] });
  const { emptyTexts, emptyLabels } = filled;
  const examples = examplesOf(filled.rows, how);
  const labels = taken.labels ?? sortLabels(examples.map((example: Example) => example.label));
  return { examples, labels, emptyTexts, emptyLabels, columns: { text, label, pairedWith } };
}

/** How rows without a text or label are treated, and what messages call the file and its columns. */
export interface FilledOptions {
  readonly file: string;
  readonly format: ExampleFormat;
  readonly text: Column;
  readonly label: Column;
  /** What to do with empty texts: an error, skip them, or keep them. */
  readonly emptyTexts: "refuse" | "leave out" | "keep";
  /** What to do with empty labels: an error, skip them, or keep them. */
  readonly emptyLabels: "refuse" | "leave out" | "keep";
}

/** Fields that may be empty, by the option that says what happens to their rows. */
const fields = { emptyTexts: "text", emptyLabels: "label" } as const;

/** Whether a field has nothing: no value, white space, or an empty list. */
export const isBlank = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (typeof value === "string" && value.trim() === "") ||
  (Array.isArray(value) && value.length === 0);

/**
 * Rows with text and label, and the lines of those that are left out. Throws `FormatError` if these are refused, or if all rows are empty.
 * @param read a row's text and label; `isBlank` says which are empty
 */
export function filledRows<R extends { readonly line: number }>(
  rows: readonly R[],
  options: FilledOptions,
  read: Readonly<Record<"text" | "label", (row: R) => unknown>>,
): { readonly rows: readonly R[]; readonly emptyTexts: readonly number[]; readonly emptyLabels: readonly number[] } {
  const texts = withoutEmpty(rows, "emptyTexts", options, read.text);
  const labelled = withoutEmpty(texts.kept, "emptyLabels", options, read.label);
  return { rows: labelled.kept, emptyTexts: texts.empty, emptyLabels: labelled.empty };
}

function withoutEmpty<R extends { readonly line: number }>(
  rows: readonly R[],
  option: keyof typeof fields,
  options: FilledOptions,
  read: (row: R) => unknown,
): { kept: readonly R[]; empty: number[] } {
  const { file, format } = options;
  const what = fields[option];
  const isEmpty = (row: R) => isBlank(read(row));
  const empty = options[option] === "keep" ? [] : rows.filter(isEmpty).map(({ line }) => line);
  if (empty.length === 0) return { kept: rows, empty };
  if (options[option] === "refuse") {
    const found =
      empty.length === 1
        ? `${file}, ${placeOf(format, empty[0]!)}: the ${what} is empty: fill it in, or remove the row`
        : `${file}: ${empty.length} of ${rows.length} ${what}s are empty (${placeOf(format, named(empty), "s")}): fill them in, or remove those rows`;
    throw new FormatError(`${found} (${option}: "leave out")`, { file, line: empty[0], empty: empty.length, option });
  }
  if (empty.length < rows.length) return { kept: rows.filter((row) => !isEmpty(row)), empty };
  throw new FormatError(
    `${file}: all ${rows.length} ${what}s are empty: is ${JSON.stringify(options[what])} the ${what}s' column?`,
    { file },
  );
}
