import Papa from "papaparse";
import { TableProblem } from "./problem.js";
import { linesOf, widthOf } from "./quotes.js";
import { endOf } from "./rows-below.js";
import { type Correction, delimiters, type HowRead, type Table } from "./table.js";
import { beginAt, type GridRow, isFilled, saidOf, tableFrom } from "./title-rows.js";

const PREVIEW = 50;

/**
 * The delimiter that gives most of the first lines the same number of fields, at least two. If several do, the one with the most fields.
 * Titles above the table are lines with another number.
 */
function delimiterOf(text: string): string {
  let best = { delimiter: ",", width: 1, even: 0 };
  for (const delimiter of delimiters) {
    const { data } = Papa.parse<string[]>(text, { delimiter, newline: "\n", preview: PREVIEW, skipEmptyLines: true });
    const width = widthOf(data);
    if (width < 2) continue;
    const even = data.filter(({ length }) => length === width).length / data.length;
    if (even > best.even || (even === best.even && width > best.width)) best = { delimiter, width, even };
  }
  return best.delimiter;
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
): Pick<Table, "columns" | "records"> & { how: Omit<HowRead, "format" | "encoding"> } {
  const text = given.replace(separatorLine, "");
  const delimiter = correction.delimiter ?? separatorLine.exec(given)?.[1] ?? delimiterOf(text);
  const data = linesOf(text, delimiter);
  const offset = text === given ? 1 : 2;
  const lines = data.flatMap((fields, i): GridRow[] => (fields.some(isFilled) ? [{ at: i + offset, fields }] : []));
  if (lines.length === 0) throw new TableProblem("empty");
  const begin = beginAt(lines, correction.headerRow);
  const end = correction.withoutBelow === true ? endOf(lines, begin) : lines.length;
  const own = lines.slice(begin.first, end);
  const width = Math.max(...own.slice(0, PREVIEW).map(({ fields }) => fields.length));
  if (width < fewest) throw new TableProblem("oneColumn");
  if (width * own.length > MOST_CELLS) throw new TableProblem("tooLarge");
  const uneven = own.slice(begin.header ? 1 : 0).filter(({ fields }) => fields.length !== width).length;
  const even = own.map(({ at, fields }) => ({ at, fields: Array.from({ length: width }, (_, i) => fields[i] ?? "") }));
  const table = tableFrom(even, { ...begin, first: 0 });
  return { ...table, how: { delimiter, uneven, ...saidOf(lines, begin, end) } };
}
