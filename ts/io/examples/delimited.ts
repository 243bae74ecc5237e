import Papa from "papaparse";
import { FormatError } from "../../errors/errors.js";
import type { Row } from "./rows.js";

interface Parsed {
  readonly rows: readonly Row[];
  /** What is wrong with the quotes, and on which line; null if nothing. */
  readonly quotes: { readonly line: number; readonly message: string } | null;
}

function parse(text: string, delimiter: string, quoted: boolean): Parsed {
  // Papa's fast mode splits at every delimiter and takes quotes for text.
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, newline: "\n", fastMode: !quoted });
  const lines: number[] = [];
  let line = 1;
  for (const fields of data) {
    lines.push(line);
    line += 1 + fields.reduce((sum, field) => sum + field.split("\n").length - 1, 0);
  }
  const rows = data
    .map((fields, i) => ({ line: lines[i]!, fields }))
    .filter(({ fields }) => fields.length > 1 || fields[0] !== "");
  const wrong = errors.find(({ type }) => type === "Quotes");
  return { rows, quotes: wrong ? { line: lines[wrong.row ?? 0] ?? line, message: wrong.message } : null };
}

const isEven = ({ rows }: Parsed) => rows.every(({ fields }) => fields.length === rows[0]!.fields.length);

/**
 * Whether quotes in a tab-separated file are text. Many such files have no quoting: a field may begin with a quotation
 * mark, and a later one end with one. They are text where they do not pair up, and where taking them for quoting would join
 * lines or columns that are regular without.
 */
function quotesAreText(plain: Parsed, quoted: Parsed): boolean {
  if (quoted.quotes) return true;
  return isEven(plain) && quoted.rows.some(({ fields }) => fields.some((field) => /[\t\n]/.test(field)));
}

/**
 * Rows of delimited text (RFC 4180: fields in quotes may hold delimiters, line breaks and doubled quotes). Blank lines are left
 * out; tab-separated files without quoting are recognised.
 * @param text normalised text; @param file name by which messages call it
 * @throws `FormatError` with the line, for quotes that do not close and for rows of different lengths
 */
export function parseDelimited(text: string, delimiter: string, file: string): readonly Row[] {
  let parsed = parse(text, delimiter, true);
  if (delimiter === "\t" && text.includes('"')) {
    const plain = parse(text, delimiter, false);
    if (quotesAreText(plain, parsed)) parsed = plain;
  }
  if (parsed.quotes) {
    const { line, message } = parsed.quotes;
    throw new FormatError(`${file}, line ${line}: ${message}`, { file, line });
  }
  const { rows } = parsed;
  for (const { line, fields } of rows) {
    const expected = rows[0]!.fields.length;
    if (fields.length !== expected)
      throw new FormatError(
        `${file}, line ${line}: expected ${expected} fields as on line ${rows[0]!.line}, got ${fields.length}`,
        { file, line, expected, got: fields.length },
      );
  }
  return rows;
}
