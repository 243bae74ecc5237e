import Papa from "papaparse";
import { MOST_COLUMNS, tooWideAt } from "./column-limit.js";
import { type Column, isNumber } from "./column.js";

/** What may separate fields where the format's own separator does not. */
const DELIMITERS = [",", ";", "\t", "|"];

/** Records that are looked at. */
const PREVIEW = 20;

/** Fields of the first records under a delimiter; null where they do not have the same number of them, two or more. */
function firstFields(text: string, delimiter: string): readonly string[] | null {
  if (tooWideAt(text, delimiter, true) !== null) return null;
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: PREVIEW });
  const rows = data.filter((fields) => fields.length > 1 || fields[0] !== "");
  const width = rows[0]?.length ?? 0;
  if (width < 2 || rows.some((fields) => fields.length !== width)) return null;
  return errors.some(({ type }) => type === "Quotes") ? null : rows[0]!;
}

/**
 * The delimiter of a file whose format says one, `own`: another only where it alone makes sense. That is where the first records
 * have as many fields each, and the header has the columns asked for by name, or there are as many as those asked for by number.
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
  // A header that has the names asked for is what its format says, whatever stands below it.
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
 * What alone cuts the first records evenly where no delimiter gives the columns asked for: with it the message that says so
 * names the columns that there are.
 */
function likelyDelimiter(text: string, firstLine: string): string | null {
  const even = DELIMITERS.filter((delimiter) => firstLine.includes(delimiter) && firstFields(text, delimiter) !== null);
  return even.length === 1 ? even[0]! : null;
}
