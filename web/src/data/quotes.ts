import Papa from "papaparse";

type Lines = readonly (readonly string[])[];

/** Most quotation marks without an end that are found one by one: each costs one more reading of what follows. */
const MOST_UNCLOSED = 10;

const parse = (text: string, delimiter: string, rest: { fastMode?: boolean; preview?: number } = {}) =>
  Papa.parse<string[]>(text, { delimiter, newline: "\n", ...rest });

/** Lines without quoting: each quotation mark is text. */
const asWritten = (text: string, delimiter: string): Lines => parse(text, delimiter, { fastMode: true }).data;

/** Whether a field has the beginning of a line that begins with a quoted field: its own quotation mark has no end. */
const isOverrun = (field: string) => field.includes('\n"');

/** Lines with quoted fields. A field whose quotation mark has no end would swallow lines below, so its line is read as it is written. */
function quoted(text: string, delimiter: string, most = MOST_UNCLOSED): { lines: Lines; isFlawed: boolean } {
  const { data, errors } = parse(text, delimiter);
  const flaws = errors.filter(({ type }) => type === "Quotes");
  const unclosed = flaws.find(({ code, row }) => code === "MissingQuotes" || data[row!]?.some(isOverrun))?.row;
  if (unclosed === undefined || most === 0) return { lines: data, isFlawed: flaws.length > 0 };
  const begin = unclosed === 0 ? 0 : parse(text, delimiter, { preview: unclosed }).meta.cursor;
  const end = text.indexOf("\n", begin);
  const line = asWritten(end < 0 ? text.slice(begin) : text.slice(begin, end), delimiter);
  const below = end < 0 ? [] : quoted(text.slice(end + 1), delimiter, most - 1).lines;
  return { lines: [...data.slice(0, unclosed), ...line, ...below], isFlawed: true };
}

/** The most frequent number of fields; of several the one that appears first. */
export function widthOf(lines: Lines): number {
  const counts = new Map<number, number>();
  for (const { length } of lines) counts.set(length, (counts.get(length) ?? 0) + 1);
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0])[0];
}

/** How many more lines have the usual number of fields than another one. */
function evenness(lines: Lines): number {
  const width = widthOf(lines);
  return width < 2 ? -lines.length : lines.reduce((sum, { length }) => sum + (length === width ? 1 : -1), 0);
}

/**
 * The fields of each line. Where quotation marks do not fit together, the file either has no quoting, as is usual between tabs, or one in
 * few lines is a mistake: the reading that gives more lines the same number of fields is right.
 */
export function linesOf(text: string, delimiter: string): Lines {
  const { lines, isFlawed } = quoted(text, delimiter);
  if (!isFlawed) return lines;
  const plain = asWritten(text, delimiter);
  return evenness(plain) > evenness(lines) ? plain : lines;
}
