import { existsSync } from "node:fs";
import { extname } from "node:path";
import { addAbortSignal } from "node:stream";
import Papa from "papaparse";
import { AbortError, ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { decodeText, exampleFormat, readTexts as readTextsOf } from "../../io/examples/index.js";
import { isNumber, normaliseText } from "../../io/examples/row.js";
import { PickedColumns } from "../../io/examples/table/columns.js";
import { readDelimited, sniffDelimiter } from "../../io/examples/table/delimited.js";
import { readData } from "../../training/node/local-sources.js";
import { decode } from "../../training/sources/job-sources.js";
import { runFiles } from "../../training/store/run-store.js";
import type { Session } from "../session.js";

/** The most columns that a message names. */
const MOST_COLUMNS = 12;

/** Other sources of a column's name. */
export interface KnownColumn {
  /** The run's column of texts; undefined without a run, or if its report does not name it. */
  readonly text: string | undefined;
  /** The run's name; undefined without a run. */
  readonly run: string | undefined;
}

/** Whether a file is a table of examples, by its name; other files have one text per line. */
function isTable(path: string): boolean {
  try {
    exampleFormat(path);
    return true;
  } catch {
    return false;
  }
}

/** A table's column of texts: the run's, if the table has it. Throws `ConfigError`, naming the existing ones. */
function textColumn(file: string, bytes: Uint8Array, { text, run }: KnownColumn): string {
  // The reader of a Parquet file names its columns if the requested one is missing.
  if (exampleFormat(file) === "parquet") return text ?? "text";
  const names = columnNames(file, decodeText(bytes, file));
  if (text !== undefined && (names.includes(text) || (/^\d+$/.test(text) && Number(text) < names.length))) return text;
  const quoted = names.slice(0, MOST_COLUMNS).map((name) => JSON.stringify(clip(name, 40)));
  const more = names.length > MOST_COLUMNS ? ` and ${names.length - MOST_COLUMNS} more` : "";
  const own =
    run === undefined
      ? ""
      : text === undefined
        ? `; ${run} has no ${runFiles.report} that names one`
        : `; the run's column ${JSON.stringify(text)} (${run}) is not among them`;
  throw new ConfigError(
    `${file} is a table: name the column of texts with --text COLUMN: it has ${quoted.join(", ")}${more}${own}`,
    { file, option: "--text", allowed: names },
  );
}

/** Names in the first row of a table, or the fields of the first object. */
function columnNames(file: string, body: string): readonly string[] {
  const start = body.replace(/^\ufeff/, "");
  if (/^\s*[[{]/.test(start)) {
    const [line = ""] = start.split("\n").filter((text) => text.trim() !== "");
    try {
      const first = JSON.parse(line) as unknown;
      return Object.keys((Array.isArray(first) ? (first[0] as object | undefined) : (first as object)) ?? {});
    } catch {
      // The reader of the column reports the problem.
      return [];
    }
  }
  const delimiter = /\.(tsv|tab)$/i.test(file) ? "\t" : "";
  return Papa.parse<string[]>(start, { preview: 1, delimiter }).data[0] ?? [];
}

/** The most blank lines that a note names. */
const MOST_PLACES = 5;

/** Where texts come from. */
export interface TextOptions {
  readonly file?: string;
  /** Column of the file; default in a table the run's; in other files each line is a text. */
  readonly text?: string;
}

/** Texts, and, if requested, a table's whole rows. */
export interface TextInput {
  readonly texts: readonly string[];
  readonly table: KeptTable | null;
}

/** Texts without rows. */
export async function readTexts(
  args: readonly string[],
  options: TextOptions,
  known: () => KnownColumn,
  session: Session,
): Promise<readonly string[]> {
  return (await readTextInput(args, options, known, session, false)).texts;
}

/**
 * Texts from the arguments, a file, or standard input. Throws `ConfigError` if there are none, or a table lacks the `known` column and none
 * is named.
 * @param keepsRows whether to return the other columns of a table too
 */
export async function readTextInput(
  args: readonly string[],
  options: TextOptions,
  known: () => KnownColumn,
  session: Session,
  keepsRows: boolean,
): Promise<TextInput> {
  const { file, text: column } = options;
  if (file === undefined && column !== undefined) {
    throw new ConfigError(`--text ${column} names a column of --file, which is missing`, {
      option: "--text",
      value: column,
    });
  }
  if (args.length > 0 && file !== undefined) {
    throw new ConfigError(`got texts as arguments and in ${file}: pass only one of them`, {
      option: "--file",
      value: file,
    });
  }
  const named = args.length === 1 && !/\s/.test(args[0]!) && existsSync(args[0]!) ? args[0]! : null;
  if (named !== null)
    session.terminal.error(`${named} is used as a text; to read the file of that name: --file ${named}`);
  if (args.length > 0) {
    const empty = [...args.keys()].filter((i) => args[i]!.trim() === "");
    if (empty.length > 0) session.terminal.error(emptyNote("the arguments", "text", empty));
    return { texts: [...args], table: null };
  }
  if (file === undefined) return { texts: linesOfInput(await readInput(session), session), table: null };
  const found = await readFile(file, column, known, session, keepsRows);
  notEmpty(found.texts, file);
  return found;
}

/** Texts of standard input, one per line. */
export const linesOfInput = (text: string, session: Session) => textLines(text, "standard input", session);

/** The whole standard input. */
export async function readInput({ terminal, signal }: Session): Promise<string> {
  const { input } = terminal.streams;
  if (input.isTTY === true) terminal.error("Type texts, one per line; Ctrl-D ends the input.");
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of addAbortSignal(signal, input)) chunks.push(chunk as Uint8Array);
  } catch (cause) {
    if (signal.aborted)
      throw new AbortError(
        "interrupted while reading standard input",
        { file: "standard input", reason: signal.reason as unknown },
        { cause },
      );
    throw cause;
  }
  return decode(Buffer.concat(chunks), "standard input");
}

/** The note about empty texts, by their indices. */
function emptyNote(from: string, what: string, empty: readonly number[]): string {
  const places = empty.slice(0, MOST_PLACES).map((i) => i + 1);
  const more = empty.length > MOST_PLACES ? ` and ${empty.length - MOST_PLACES} more` : "";
  const [which, taken] =
    empty.length === 1
      ? [what, "is blank and counts as an empty text"]
      : [`${what}s`, "are blank and count as empty texts"];
  return `${from}: ${which} ${places.join(", ")}${more} ${taken}: the output has a row for each ${what}`;
}

function notEmpty<T extends readonly string[]>(texts: T, from: string): T {
  if (texts.length > 0) return texts;
  throw new ConfigError(`${from} has no text; expected texts, one per line`, { from });
}

/** Texts of a table's column, otherwise lines. */
async function readFile(
  path: string,
  column: string | undefined,
  known: () => KnownColumn,
  session: Session,
  keepsRows: boolean,
): Promise<TextInput> {
  const { terminal, signal } = session;
  const { name: file, bytes } = await readData(path, signal);
  if (column === undefined && !isTable(path))
    return { texts: textLines(decode(bytes, file), file, session), table: null };
  const text = column ?? textColumn(file, bytes, known());
  const onWarning = (warning: string) => terminal.error(warning);
  const texts = await readTextsOf(bytes, { format: exampleFormat(path), text, file, onWarning });
  return { texts, table: keepsRows ? keptTable(path, bytes, text) : null };
}

/** Lines up to the last that is not blank, with any line ends. Blank lines before it stay, so that output line n is for input line n. */
function textLines(text: string, from: string, { terminal }: Session): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  while (lines.at(-1)?.trim() === "") lines.pop();
  const blank = [...lines.keys()].filter((i) => lines[i]!.trim() === "");
  if (blank.length > 0) terminal.error(emptyNote(from, "line", blank));
  return notEmpty(lines, from);
}

/** A table's rows with all their columns. */
export interface KeptTable {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const delimiters: Readonly<Record<string, string>> = { ".csv": ",", ".tsv": "\t" };

/** The delimiter for a file name. Throws `ConfigError` for a name that is not a table's. */
export function delimiterOf(out: string): string {
  const delimiter = delimiters[extname(out).toLowerCase()];
  if (delimiter !== undefined) return delimiter;
  throw new ConfigError(`--out ${out}: a name that ends in ${Object.keys(delimiters).join(" or ")} is expected`, {
    option: "--out",
    value: out,
  });
}

/**
 * All columns of a CSV or TSV file, one row per text; null for other files, whose rows may have different fields. Without a header, names
 * are numbers. Throws as `readExamples`.
 */
export function keptTable(file: string, bytes: Uint8Array, text: string): KeptTable | null {
  const format = exampleFormat(file);
  if (format !== "csv" && format !== "tsv") return null;
  const body = normaliseText(decodeText(bytes, file));
  const delimiter = sniffDelimiter(body, delimiters[`.${format}`]!, [text], undefined);
  let names: readonly string[] = [];
  let picked: PickedColumns | null = null;
  readDelimited(body, delimiter, file, (row) => {
    if (picked === null) names = isNumber(text) ? Array.from(row.fields.keys(), String) : row.fields;
    const all = { header: "auto", columns: undefined, file, onWarning: undefined } as const;
    picked ??= new PickedColumns([text, ...row.fields.keys()], all);
    picked.add(row);
  });
  const rows = (picked as PickedColumns | null)?.rows() ?? [];
  return { names, rows: rows.map(({ fields }) => fields.slice(1)) };
}

/** The predictions of texts: names of columns, and a row per text. */
export interface PredictedColumns {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Each text's prediction after the columns of its row; without a table, after its number and text. */
export function predictedTable(
  kept: KeptTable | null,
  texts: readonly string[],
  predicted: PredictedColumns,
  delimiter: string,
): string {
  const names = kept?.names ?? ["row", "text"];
  const rowOf = (i: number) => kept?.rows[i] ?? [String(i + 1), texts[i]!];
  const own = predicted.names.map((name) => (names.includes(name) ? `lowrank_${name}` : name));
  const data = predicted.rows.map((row, i) => [...rowOf(i), ...row]);
  return `${Papa.unparse([[...names, ...own], ...data], { delimiter, newline: "\n" })}\n`;
}
