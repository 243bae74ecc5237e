import { TableProblem } from "../problem.js";
import { dateIn } from "./dates.js";
import { parseElements } from "./elements.js";
import { unescaped } from "./strings.js";

/** Limits of a sheet in the workbook format. */
const [MOST_ROWS, MOST_COLUMNS] = [1_048_576, 16_384];

/** What cells refer to. */
export interface Shared {
  readonly strings: readonly string[];
  /** Whether the numbers of each style are dates. */
  readonly dates: readonly boolean[];
  readonly from1904: boolean;
}

/** A row of a sheet that is not empty: its number from 1, and its cells that are not empty by their column from 0. */
export interface CellRow {
  readonly at: number;
  readonly cells: Map<number, string>;
}

/** A rectangle of cells: rows from 1, columns from 0, both with their ends. */
export interface Area {
  readonly rows: readonly [number, number];
  readonly columns: readonly [number, number];
}

/** What a sheet contains, in proportion to its file: nothing is stored for empty cells. */
export interface Cells {
  readonly rows: readonly CellRow[];
  readonly merged: readonly Area[];
  /** Number of formulas whose result is not stored. */
  readonly unsolved: number;
}

const address = /^([A-Za-z]{1,3})([1-9]\d{0,6})$/;

/** Row from 1 and column from 0 of an address such as B12. Throws `TableProblem` for one outside a sheet. */
function placeOf(at: string): { row: number; column: number } {
  const [, letters = "", digits = ""] = address.exec(at) ?? [];
  const column = [...letters.toUpperCase()].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0) - 1;
  const row = Number(digits);
  if (column < 0 || column >= MOST_COLUMNS || row > MOST_ROWS) throw new TableProblem("notWorkbook", at.slice(0, 40));
  return { row, column };
}

function areaOf(range: string): Area {
  const [first, last = first] = range.split(":", 2).map(placeOf) as [
    ReturnType<typeof placeOf>,
    ReturnType<typeof placeOf>?,
  ];
  return { rows: [first.row, last.row], columns: [first.column, last.column] };
}

/** A cell's value as text. An error (#N/A) is an empty cell. */
function valueOf(type: string, style: number, value: string, { strings, dates, from1904 }: Shared): string {
  switch (type) {
    case "s": {
      // Some programs write empty cells like this.
      if (value.trim() === "") return "";
      const text = strings[Number(value)];
      if (text === undefined) throw new TableProblem("notWorkbook", `text ${value.slice(0, 40)}`);
      return text;
    }
    case "str":
    case "inlineStr":
      return unescaped(value);
    case "b":
      return value === "1" ? "true" : value === "0" ? "false" : "";
    case "e":
      return "";
    case "d":
      return value.replace("T", " ").replace(/ 00:00(:00(\.0+)?)?Z?$/, "");
    default: {
      const number = Number(value);
      if (value.trim() === "" || Number.isNaN(number)) return value;
      return (dates[style] && dateIn(number, from1904)) || String(number);
    }
  }
}

/** Reads a sheet's cells. Throws `TableProblem` for rows and cells outside a sheet, or out of order. */
export function readCells(bytes: Uint8Array, shared: Shared): Cells {
  const rows: CellRow[] = [];
  const merged: Area[] = [];
  let unsolved = 0;
  let row: CellRow | null = null;
  let cell: { column: number; type: string; style: number; value: string; isFormula: boolean } | null = null;
  let [at, column, isValue, isSpoken] = [0, -1, false, false];
  parseElements(bytes, {
    open(name, attribute) {
      switch (name) {
        case "row": {
          const next = Number(attribute("r") ?? at + 1);
          if (!Number.isInteger(next) || next <= at || next > MOST_ROWS)
            throw new TableProblem("notWorkbook", `row ${next}`);
          [at, column] = [next, -1];
          row = { at, cells: new Map() };
          return;
        }
        case "c": {
          const place = attribute("r");
          column = place === undefined ? column + 1 : placeOf(place).column;
          cell = {
            column,
            type: attribute("t") ?? "n",
            style: Number(attribute("s") ?? 0),
            value: "",
            isFormula: false,
          };
          return;
        }
        case "f":
          if (cell !== null) cell.isFormula = true;
          return;
        case "rPh":
          isSpoken = true;
          return;
        case "v":
        case "t":
          isValue = cell !== null && !isSpoken;
          return;
        case "mergeCell":
          merged.push(areaOf(attribute("ref") ?? ""));
      }
    },
    text(piece) {
      if (isValue) cell!.value += piece;
    },
    close(name) {
      if (name === "v" || name === "t") isValue = false;
      else if (name === "rPh") isSpoken = false;
      else if (name === "c" && cell !== null && row !== null) {
        if (cell.isFormula && cell.value === "" && cell.type !== "str") unsolved++;
        const value = valueOf(cell.type, cell.style, cell.value, shared);
        if (value.trim() !== "") row.cells.set(cell.column, value);
        cell = null;
      } else if (name === "row" && row !== null) {
        if (row.cells.size > 0) rows.push(row);
        row = null;
      }
    },
  });
  return { rows, merged, unsolved };
}
