import Papa from "papaparse";
import { FormatError } from "../../../errors/errors.js";
import { type Column, isNumber, type Row } from "../row.js";

/** Other delimiters to try. */
const DELIMITERS = [",", ";", "\t", "|"];

/** Number of records to examine. */
const PREVIEW = 20;

/** Fields of the first records with a delimiter; null unless all have the same number, at least two. */
function firstFields(text: string, delimiter: string): readonly string[] | null {
  if (tooWideAt(text, delimiter, true) !== null) return null;
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: PREVIEW });
  const rows = data.filter((fields) => fields.length > 1 || fields[0] !== "");
  const width = rows[0]?.length ?? 0;
  if (width < 2 || rows.some((fields) => fields.length !== width)) return null;
  return errors.some(({ type }) => type === "Quotes") ? null : rows[0]!;
}

/**
 * The delimiter of a file. `own` is the format's; another one only if it is the only one with which the first records have equal numbers of
 * fields and contain the requested columns: by name in the header, or enough of them by number.
 */
export function sniffDelimiter(
  text: string,
  own: string,
  wanted: readonly Column[],
  columns?: readonly string[],
): string {
  const names = wanted.filter((column) => !isNumber(column)).map(String);
  const most = Math.max(0, ...wanted.filter(isNumber).map(Number));
  const fits = (first: readonly string[]) =>
    (columns === undefined ? names.every((name) => first.includes(name)) : first.length === columns.length) &&
    first.length > most;
  const firstLine = text.slice(0, text.indexOf("\n") + 1 || undefined);
  const alone = firstLine.split(own, MOST_COLUMNS).map((field) => field.trim().replace(/^"(.*)"$/, "$1"));
  // A header with the requested names confirms the format's own delimiter, whatever is below it.
  if (columns === undefined && names.length > 0 && names.every((name) => alone.includes(name))) return own;
  const agrees = (delimiter: string) => {
    const first = firstFields(text, delimiter);
    return first !== null && fits(first);
  };
  if (agrees(own)) return own;
  const others = DELIMITERS.filter((other) => other !== own && firstLine.includes(other) && agrees(other));
  if (others.length === 1) return others[0]!;
  return (others.length === 0 && !firstLine.includes(own) && likelyDelimiter(text, firstLine)) || own;
}

/**
 * The only delimiter that splits the first records evenly, if none has the requested columns: the error message then lists the existing
 * columns.
 */
function likelyDelimiter(text: string, firstLine: string): string | null {
  const even = DELIMITERS.filter((delimiter) => firstLine.includes(delimiter) && firstFields(text, delimiter) !== null);
  return even.length === 1 ? even[0]! : null;
}

/** The most columns of a table. More columns mean a wrong delimiter, or not a table. @internal exported for its tests */
export const MOST_COLUMNS = 10_000;

/** The error for a row with more. */
function tooWide(file: string, line: number, delimiter: string): FormatError {
  return new FormatError(
    `${file}, line ${line}: the row has more than ${MOST_COLUMNS} columns with the delimiter ${JSON.stringify(delimiter)}, ` +
      "which is the maximum: set the right delimiter, or keep only the columns of text and label",
    { file, line, expected: MOST_COLUMNS },
  );
}

/**
 * The first line of the first row with too many columns, found before any field is created; null for none. If all lines are short, only
 * line ends are read.
 * @param quoted whether quoted fields may contain delimiters and line ends
 * @internal exported for its tests
 */
export function tooWideAt(text: string, delimiter: string, quoted: boolean): number | null {
  if (!hasLongLine(text)) return null;
  let [line, begun, columns] = [1, 1, 1];
  let atStart = true;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted && atStart && character === '"') {
      const end = closing(text, i, delimiter);
      for (let at = text.indexOf("\n", i); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) line++;
      i = end;
      atStart = false;
    } else if (character === "\n") {
      [begun, columns, atStart] = [++line, 1, true];
    } else if ((atStart = character === delimiter) && ++columns > MOST_COLUMNS) return begun;
  }
  return null;
}

function hasLongLine(text: string): boolean {
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    if (end - start >= MOST_COLUMNS) return true;
    start = end + 1;
  }
  return text.length - start >= MOST_COLUMNS;
}

/** Index of the quote that closes the one at `open`: before a delimiter, a line end or the end of the text, optionally after spaces. */
function closing(text: string, open: number, delimiter: string): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    if (text[at + 1] === '"') {
      at++;
      continue;
    }
    let next = at + 1;
    while (text[next] === " ") next++;
    if (next === text.length || text[next] === delimiter || text[next] === "\n") return at;
    at = next - 1;
  }
  return text.length;
}

/** A problem with quotes, and its line. */
interface WrongQuotes {
  readonly line: number;
  readonly message: string;
}

/** Line ends in a field. */
function lineEnds(field: string): number {
  let count = 0;
  for (let at = field.indexOf("\n"); at >= 0; at = field.indexOf("\n", at + 1)) count++;
  return count;
}

/** Called for an empty line; `quoted`: it is an empty field in quotes. */
type Nothing = (line: number, quoted: boolean) => void;

/** Calls `use` with each row, without empty lines; keeps none. Returns the first problem with quotes. */
function eachRow(
  text: string,
  delimiter: string,
  quoted: boolean,
  use: (row: Row) => void,
  nothing?: Nothing,
): WrongQuotes | null {
  let next = 1;
  let at = 0;
  let wrong: WrongQuotes | null = null;
  const step = ({ data: fields, errors, meta: { cursor } }: Papa.ParseStepResult<string[]>) => {
    const line = next;
    next++;
    if (quoted) for (const field of fields) next += lineEnds(field);
    const quotes = errors.find(({ type }) => type === "Quotes");
    if (quotes) wrong ??= { line, message: quotes.message };
    if (fields.length > 1 || fields[0] !== "") use({ line, fields });
    else if (cursor > at) nothing?.(line, cursor > at + 1);
    at = cursor;
  };
  // Papa's fast mode splits at every delimiter and treats quotes as text.
  Papa.parse<string[]>(text, { delimiter, newline: "\n", fastMode: !quoted, step });
  return wrong;
}

/**
 * Whether quotes in a tab-separated file are text. Many such files have no quoting: one field may begin with a quotation mark, and a later
 * one end with one. They are text if they do not pair up, or if treating them as quoting would join lines or columns that are regular
 * otherwise.
 */
function quotesAreText(text: string, delimiter: string): boolean {
  if (tooWideAt(text, delimiter, false) !== null) return false;
  let joined = false;
  if (eachRow(text, delimiter, true, ({ fields }) => (joined ||= fields.some((field) => /[\t\n]/.test(field)))))
    return true;
  if (!joined) return false;
  let width = 0;
  let isEven = true;
  eachRow(text, delimiter, false, ({ fields: { length } }) => (isEven &&= length === (width ||= length)));
  return isEven;
}

/**
 * Reads delimited text (RFC 4180: quoted fields may contain delimiters, line breaks and doubled quotes). Blank lines are skipped, except
 * between the rows of a single column: there they are empty rows, as is an empty quoted field. Tab-separated files without quoting are
 * recognised.
 * @param text normalised text; @param file the file's name in messages; @param use called with each row, in order
 * @throws `FormatError` with the line, for unclosed quotes and rows of different lengths, after reading all rows; for a row
 *   with too many columns, before its fields are created
 */
export function readDelimited(text: string, delimiter: string, file: string, use: (row: Row) => void): void {
  const quoted = !(delimiter === "\t" && text.includes('"') && quotesAreText(text, delimiter));
  const wide = tooWideAt(text, delimiter, quoted);
  if (wide !== null) throw tooWide(file, wide, delimiter);
  let first: Row | null = null;
  let uneven: Row | null = null;
  const take = (row: Row) => {
    const { line, fields } = row;
    if (fields.length > MOST_COLUMNS) throw tooWide(file, line, delimiter);
    first ??= { line, fields };
    if (uneven === null && fields.length !== first.fields.length) uneven = row;
    if (uneven === null) use(row);
  };
  // Empty lines since the last row: with a single column they are rows as soon as another row follows.
  let waiting: number[] = [];
  const takeWaiting = () => {
    for (const line of waiting) take({ line, fields: [""] });
    waiting = [];
  };
  const takeNext = (row: Row) => {
    if (row.fields.length === 1) takeWaiting();
    else waiting = [];
    take(row);
  };
  const nothing: Nothing = (line, inQuotes) => {
    if (first !== null && first.fields.length > 1) return;
    if (first !== null && inQuotes) takeNext({ line, fields: [""] });
    else if (first !== null || inQuotes || waiting.length > 0) waiting.push(line);
  };
  const quotes = eachRow(text, delimiter, quoted, takeNext, nothing);
  if (quotes)
    throw new FormatError(
      `${file}, line ${quotes.line}: ${quotes.message}; end the field with a quote, and write a quote inside it twice`,
      { file, line: quotes.line },
    );
  if (uneven !== null) throw unevenRow(file, first!, uneven, delimiter);
}

function unevenRow(file: string, first: Row, { line, fields: { length: got } }: Row, delimiter: string): FormatError {
  const expected = first.fields.length;
  const what = delimiter === "\t" ? "a tab" : `"${delimiter}"`;
  const remedy = got < expected ? "add the missing fields" : `put a field that contains ${what} in quotes`;
  return new FormatError(
    `${file}, line ${line}: expected ${expected} fields as on line ${first.line}, got ${got}; ${remedy}`,
    { file, line, expected, got },
  );
}
