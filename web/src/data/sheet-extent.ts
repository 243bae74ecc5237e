/** What a sheet has at most, by the format of workbooks. */
const [MOST_ROWS, LONGEST_COLUMN] = [1_048_576, 3];
/** Cells from a sheet's first to its last, empty ones too: the reader of workbooks makes them all. */
const MOST_CELLS = 2e7;

/** Any attribute that says where a row or a cell is, in whatever namespace; none that names one. */
const address = /\s(?:(?!xmlns:)[\w.-]+:)?r\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** The rest of a cell with nothing in it, after its address; attributes as spreadsheets write them, few and short. */
const restOfEmpty = /(?:\s+[\w.:-]{1,50}\s*=\s*(?:"[^"<>]{0,100}"|'[^'<>]{0,100}')){0,8}\s*\/>/y;

/** Row and column of a cell, as the reader understands its address: "1e6" is a row, and any character a column. */
function placeOf(at: string): { row: number; column: number } {
  const digits = at.search(/\d/);
  const letters = [...at.slice(0, Math.max(digits, 0))];
  return {
    row: Number(at.slice(Math.max(digits, 0))) || 0,
    column: letters.reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0),
  };
}

/** Whether an address is beyond every sheet; one that is none the reader refuses. */
function isBeyond(at: string): boolean {
  const column = Number.isNaN(Number(at)) ? at.search(/\d/) : 0;
  return column > LONGEST_COLUMN || Number(at.slice(Math.max(column, 0))) > MOST_ROWS || at.includes("&");
}

/** Whether the rows and cells of a sheet's XML, with all the empty ones between them, can be laid out in memory. */
export function isLaidOut(xml: string): boolean {
  let [rows, columns] = [0, 0];
  for (const found of xml.matchAll(address)) {
    const at = (found[1] ?? found[2])!;
    if (isBeyond(at)) return false;
    restOfEmpty.lastIndex = found.index + found[0].length;
    const { row, column } = placeOf(at);
    // A row's number has no letters.
    if (column === 0 || restOfEmpty.test(xml)) continue;
    rows = Math.max(rows, row);
    columns = Math.max(columns, column);
  }
  return rows * columns <= MOST_CELLS;
}
