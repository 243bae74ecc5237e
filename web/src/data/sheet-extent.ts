/** Limits of a sheet in the workbook format. */
const [MOST_ROWS, LONGEST_COLUMN] = [1_048_576, 3];
/** Most cells between a sheet's first and last, including empty ones. The workbook reader creates them all. */
const MOST_CELLS = 2e7;

/** Matches the attribute with the position of a row or cell, in any namespace. */
const address = /\s(?:(?!xmlns:)[\w.-]+:)?r\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** Matches the rest of an empty cell after its address. Spreadsheets write few, short attributes. */
const restOfEmpty = /(?:\s+[\w.:-]{1,50}\s*=\s*(?:"[^"<>]{0,100}"|'[^'<>]{0,100}')){0,8}\s*\/>/y;

/** Row and column of a cell, parsed like the reader does: "1e6" is a valid row, and any character a column. */
function placeOf(at: string): { row: number; column: number } {
  const digits = at.search(/\d/);
  const letters = [...at.slice(0, Math.max(digits, 0))];
  return {
    row: Number(at.slice(Math.max(digits, 0))) || 0,
    column: letters.reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0),
  };
}

/** Whether an address is outside a sheet's limits. The reader rejects invalid addresses itself. */
function isBeyond(at: string): boolean {
  const column = Number.isNaN(Number(at)) ? at.search(/\d/) : 0;
  return column > LONGEST_COLUMN || Number(at.slice(Math.max(column, 0))) > MOST_ROWS || at.includes("&");
}

/** Whether a sheet fits into memory with all the empty rows and cells between the used ones. */
export function isLaidOut(xml: string): boolean {
  let [rows, columns] = [0, 0];
  for (const found of xml.matchAll(address)) {
    const at = (found[1] ?? found[2])!;
    if (isBeyond(at)) return false;
    restOfEmpty.lastIndex = found.index + found[0].length;
    const { row, column } = placeOf(at);
    // The position of a row has no letters.
    if (column === 0 || restOfEmpty.test(xml)) continue;
    rows = Math.max(rows, row);
    columns = Math.max(columns, column);
  }
  return rows * columns <= MOST_CELLS;
}
