import { TableProblem } from "../problem.js";
import { endOf } from "../rows-below.js";
import type { Correction, HowRead, Table } from "../table.js";
import { beginAt, hasValue, saidOf, tableFrom } from "../title-rows.js";
import { readCells, type Shared } from "./cells.js";
import { dateStyles } from "./dates.js";
import { gridOf } from "./grid.js";
import { type SheetPart, workbookParts } from "./parts.js";
import { sharedStrings } from "./strings.js";

/** A sheet's table. */
type SheetTable = Pick<Table, "columns" | "records"> & {
  readonly said: ReturnType<typeof saidOf>;
  readonly filled: number;
  readonly unsolved: number;
};

function tableOf({ bytes }: SheetPart, shared: Shared, { headerRow, withoutBelow }: Correction): SheetTable {
  const cells = readCells(bytes, shared);
  const { rows, filled } = gridOf(cells);
  const found = beginAt(rows, headerRow);
  // A workbook's table has names of columns unless its first row has values, or the user says that it has none.
  const begin = { ...found, header: found.header || (headerRow === undefined && !hasValue(rows, found.first)) };
  const end = withoutBelow === true ? endOf(rows, begin) : rows.length;
  return { ...tableFrom(rows.slice(0, end), begin), said: saidOf(rows, begin, end), filled, unsolved: cells.unsolved };
}

/** A text, rather than a name or a code. */
const WORDS = /\S+\s+\S+\s+\S/;
/** Rows with which an earlier sheet is preferred to one that has more. */
const ENOUGH = 20;

/** The number of rows that have a text and something beside it; rows of short fields count little. */
function worth({ columns, records }: SheetTable, fewest: number): number {
  if (columns.length < fewest) return 0;
  return records.reduce((sum, record) => {
    const filled = record.filter((field) => field !== "");
    return sum + (filled.length < fewest ? 0 : filled.some((field) => WORDS.test(field)) ? 1 : 0.01);
  }, 0);
}

/**
 * The sheet with the most texts, or an earlier one with many; a hidden one only if no other has a table. Null if none has. Only one table
 * is in memory beside the one that is read.
 */
function choose(sheets: readonly SheetPart[], read: (sheet: SheetPart) => SheetTable, fewest: number) {
  let best: { readonly at: number; readonly table: SheetTable; readonly worth: number } | null = null;
  for (const hidden of [false, true]) {
    for (const [at, sheet] of sheets.entries()) {
      if (sheet.isHidden !== hidden) continue;
      const table = read(sheet);
      const own = worth(table, fewest);
      const least = best === null ? 0 : best.worth >= ENOUGH ? 2 * best.worth : best.worth;
      if (own > least) best = { at, table, worth: own };
    }
    if (best !== null) return best;
  }
  return null;
}

/**
 * Reads the table of a workbook: of the sheet that the user chose, or of the one with the texts. Throws `TableProblem` for a damaged
 * workbook, one without a table, and one that would not fit into the page's memory.
 */
export async function readWorkbook(
  archive: Uint8Array,
  correction: Correction = {},
  fewest = 2,
): Promise<Pick<Table, "columns" | "records"> & { how: Omit<HowRead, "format" | "encoding" | "delimiter"> }> {
  try {
    const { sheets, strings, styles, from1904 } = await workbookParts(archive);
    const shared = { strings: sharedStrings(strings), dates: dateStyles(styles), from1904 };
    const { sheet, headerRow } = correction;
    const chosen = sheet !== undefined && sheet in sheets ? sheet : null;
    // A row is chosen on the sheet that is shown, so the choice of that sheet does not depend on it.
    const best =
      chosen === null
        ? choose(sheets, (one) => tableOf(one, shared, { ...correction, headerRow: undefined }), fewest)
        : null;
    const at = chosen ?? best?.at ?? 0;
    const found = headerRow === undefined ? best?.table : undefined;
    const { columns, records, said, filled, unsolved } = found ?? tableOf(sheets[at]!, shared, correction);
    if (records.length === 0) throw new TableProblem("empty");
    if (columns.length < fewest) throw new TableProblem("oneColumn");
    const names = sheets.map(({ name, isHidden }) => ({ name, isHidden }));
    const book = { sheets: names, sheet: at, passedOver: chosen === null && at > 0, filled, unsolved };
    return { columns, records, how: { uneven: 0, ...said, book } };
  } catch (error) {
    if (error instanceof TableProblem) throw error;
    throw new TableProblem("notWorkbook", String((error as Error).message));
  }
}
