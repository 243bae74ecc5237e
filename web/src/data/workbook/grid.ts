import { MOST_CELLS } from "../delimited.js";
import { TableProblem } from "../problem.js";
import type { GridRow } from "../title-rows.js";
import type { Area, CellRow, Cells } from "./cells.js";

/** Cells, empty ones included, that any sheet may have, and for each that is not empty: two far from each other need no large table. */
const [CELLS, FOR_EACH] = [1e6, 50];
/** Most characters of a sheet: a text of which there is one may be in every cell. */
const MOST_CHARACTERS = 100e6;

/** The first of the rows, by their numbers, that is not above `at`. */
function indexOf(rows: readonly CellRow[], at: number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Repeats the text of cells that were merged downwards in each of their rows, as it is read. Returns the number of filled cells. */
function fillMerged(rows: readonly CellRow[], merged: readonly Area[]): number {
  let [filled, seen] = [0, 0];
  for (const {
    rows: [first, last],
    columns: [column],
  } of merged) {
    const top = indexOf(rows, first);
    const value = rows[top]?.at === first ? rows[top].cells.get(column) : undefined;
    if (value === undefined) continue;
    for (let i = top + 1; i < rows.length && rows[i]!.at <= last; i++) {
      // Areas that overlap, which no spreadsheet writes, could be many times the sheet.
      if (++seen > MOST_CELLS) throw new TableProblem("tooLarge");
      if (rows[i]!.cells.has(column)) continue;
      rows[i]!.cells.set(column, value);
      filled++;
    }
  }
  return filled;
}

/** A sheet's rows with a field for each column that is not empty. Throws `TableProblem` if they would not fit into the memory. */
export function gridOf({ rows, merged }: Cells): { rows: GridRow[]; filled: number } {
  const filled = fillMerged(rows, merged);
  const used = new Set<number>();
  let [cellCount, characters] = [0, 0];
  for (const { cells } of rows)
    for (const [column, value] of cells) {
      used.add(column);
      cellCount++;
      characters += value.length;
    }
  const most = Math.min(MOST_CELLS, CELLS + FOR_EACH * cellCount);
  if (used.size * rows.length > most || characters > MOST_CHARACTERS) throw new TableProblem("tooLarge");
  const columns = [...used].sort((a, b) => a - b);
  const fieldsOf = (cells: CellRow["cells"]) => columns.map((column) => cells.get(column) ?? "");
  return { rows: rows.map(({ at, cells }) => ({ at, fields: fieldsOf(cells) })), filled };
}
