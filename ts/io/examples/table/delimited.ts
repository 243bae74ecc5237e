import Papa from "papaparse";
import { FormatError } from "../../../errors/errors.js";
import { MOST_COLUMNS, tooWide, tooWideAt } from "./delimiter.js";
import type { Row } from "../row.js";

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
