import Papa from "papaparse";
import { MOST_COLUMNS, tooWideAt } from "./column-limit.js";
import { type Column, isNumber } from "../row.js";

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
