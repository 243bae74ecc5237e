/** What a sheet has at most, by the format of workbooks. */
const [MOST_ROWS, LONGEST_COLUMN] = [1_048_576, 3];
/** Cells from a sheet's first to its last, empty ones too: the reader of workbooks makes them all. */
const MOST_CELLS = 2e7;

/** Any attribute that says where a row or a cell is, in whatever namespace; none that names one. */
const address = /\s(?:(?!xmlns:)[\w.-]+:)?r\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** A cell with something in it. */
const filled = /<c\b[^>]*?\sr="([A-Z]{1,3})(\d+)"[^>]*(?<!\/)>/g;

const columnOf = (letters: string) => [...letters].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0);

/** Whether an address is beyond every sheet; one that is none the reader refuses. */
function isBeyond(at: string): boolean {
  const column = Number.isNaN(Number(at)) ? at.search(/\d/) : 0;
  return column > LONGEST_COLUMN || Number(at.slice(Math.max(column, 0))) > MOST_ROWS || at.includes("&");
}

/** Whether the rows and cells of a sheet's XML, with all the empty ones between them, can be laid out in memory. */
export function isLaidOut(xml: string): boolean {
  for (const [, double, single] of xml.matchAll(address)) if (isBeyond((double ?? single)!)) return false;
  let [rows, columns] = [0, 0];
  for (const [, column, row] of xml.matchAll(filled)) {
    rows = Math.max(rows, Number(row));
    columns = Math.max(columns, columnOf(column!));
  }
  return rows * columns <= MOST_CELLS;
}
