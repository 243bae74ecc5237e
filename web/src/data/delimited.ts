import Papa from "papaparse";
import { TableProblem } from "./problem.js";
import { type Correction, delimiters, type HowRead } from "./table.js";

const PREVIEW = 50;

/** The delimiter that gives the first lines the same number of fields, at least two. If several do, the one with the most fields. */
export function delimiterOf(text: string): string {
  let best = { delimiter: ",", width: 1, even: 0 };
  for (const delimiter of delimiters) {
    const { data } = Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: PREVIEW, skipEmptyLines: true });
    const width = data[0]?.length ?? 0;
    if (width < 2) continue;
    const even = data.filter(({ length }) => length === width).length / data.length;
    if (even > best.even || (even === best.even && width > best.width)) best = { delimiter, width, even };
  }
  return best.delimiter;
}

/** Common names of text and label columns. */
const usual =
  /^(text|texts|sentence|review|comment|message|body|content|subject|question|utterance|satz|nachricht|frage|kommentar|label|labels|class|category|klasse|kategorie|sentiment|intent|topic|thema|tag|queue|rating|id)$/i;

/** Whether the first line has column names: its fields are short, different, and do not appear as values below. */
function looksLikeHeader([first, ...rest]: readonly (readonly string[])[]): boolean {
  if (first === undefined) return false;
  if (first.some((field) => usual.test(field.trim()))) return true;
  if (rest.length === 0) return false;
  if (new Set(first).size < first.length) return false;
  const isName = (field: string) => field.trim() !== "" && field.length <= 40 && !/^[\d.,+-]+$/.test(field.trim());
  if (!first.every(isName)) return false;
  return first.every((field, i) => rest.every((row) => row[i] !== field));
}

/** Most cells of a table. Each is a string in the page's memory. */
export const MOST_CELLS = 5e6;

/** The line that names Excel's separator. It is not a row. */
const separatorLine = /^sep=([,;\t|])\n/i;

/** Rows of delimited text. Rows with a different number of fields are padded or cut. */
export function readDelimited(
  given: string,
  correction: Correction,
  fewest = 2,
): { columns: string[]; records: string[][]; how: Pick<HowRead, "delimiter" | "header" | "uneven"> } {
  const text = given.replace(separatorLine, "");
  const delimiter = correction.delimiter ?? separatorLine.exec(given)?.[1] ?? delimiterOf(text);
  const parse = (fastMode?: boolean) =>
    Papa.parse<string[]>(text, {
      ...{ delimiter, newline: "\n" as const, skipEmptyLines: "greedy" as const },
      ...(fastMode && { fastMode }),
    });
  const quoted = parse();
  // Tab-separated files often have no quoting, so an unclosed quotation mark is text.
  const { data } = quoted.errors.some(({ type }) => type === "Quotes") ? parse(true) : quoted;
  const [first] = data;
  if (first === undefined) throw new TableProblem("empty");
  const header = correction.header ?? looksLikeHeader(data.slice(0, PREVIEW));
  const width = Math.max(...data.slice(0, PREVIEW).map(({ length }) => length));
  if (width < fewest) throw new TableProblem("oneColumn");
  if (width * data.length > MOST_CELLS) throw new TableProblem("tooLarge");
  const body = header ? data.slice(1) : data;
  const uneven = body.filter(({ length }) => length !== width).length;
  const records = body.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? ""));
  const columns = Array.from({ length: width }, (_, i) => (header && first[i]?.trim()) || String(i + 1));
  return { columns, records, how: { delimiter, header, uneven } };
}
