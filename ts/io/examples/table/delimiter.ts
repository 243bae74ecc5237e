import Papa from "papaparse";
import { type Column, isNumber } from "../row.js";
import { FormatError } from "../../../errors/errors.js";

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

/** The most columns of a table. More columns mean a wrong delimiter, or not a table. */
export const MOST_COLUMNS = 10_000;

/** The error for a row with more. */
export function tooWide(file: string, line: number, delimiter: string): FormatError {
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
