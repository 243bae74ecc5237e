import { n, some } from "./numbers.js";

const rows = (count: number) => some(count, "row", "rows");
const quoted = (text: string) => `“${text}”`;

/** How a file was read, what can be corrected, and labels that may be misspelt. */
export const forReading = {
  sheet: (name: string) => `sheet ${quoted(name)}`,
  sheetLabel: "Sheet",
  hidden: (name: string) => `${name} (hidden)`,
  namesIn: "Column names",
  namesRow: (row: number, text: string) => `row ${n(row)}: ${text}`,
  noNames: "none; the columns are numbered",
  skipped: (count: number) => `${rows(count)} above the column names skipped`,
  skippedWithoutNames: (count: number) => `${rows(count)} above the table skipped`,
  skippedWhy:
    "Skipped rows are titles: they fill fewer columns than the column names below them, or an empty row follows them. If they belong to the table, choose another row.",
  below: (count: number) => `${rows(count)} below the table skipped`,
  belowLabel: "Rows below the table",
  belowSkipped: (first: string) => (first === "" ? "skipped" : `skipped, from ${first}`),
  belowRows: "rows of the table",
  belowWhy:
    "Rows below the table are totals, or notes that fill at most half as many columns as its rows. If they belong to the table, choose “rows of the table”.",
  passedOver: (name: string) =>
    `${quoted(name)} is the first visible sheet with a large table of texts. The sheets before it have fewer or none.`,
  filled: (count: number) =>
    count === 1 ? "1 merged cell repeated in its row" : `merged cells repeated in ${rows(count)}`,
  unsolved: (count: number) => `${some(count, "formula", "formulas")} without a result`,
  unsolvedWhy:
    "A formula without a stored result is an empty cell here. Open the workbook in a spreadsheet program, save it, and choose it again.",
  joinTexts: "Join text columns",
  joinedTexts: (count: number) => `${n(count)} text columns joined`,
  joinHint: (first: string) =>
    `Each text is made of ${first} and these columns, in this order, each on a line of its own. Empty cells are left out.`,
  nthText: (place: number) => `Column ${n(place)}`,
  noColumn: "none",
  misspelt: (wrong: string, wrongCount: number, right: string, rightCount: number) =>
    `${quoted(wrong)} (${rows(wrongCount)}) may be a misspelt ${quoted(right)} (${rows(rightCount)}).`,
  backTo: (name: string) => `Back to ${quoted(name)}`,
  discarded: "Your changes to the rows are discarded.",
  undone: "The last change is undone.",
};
