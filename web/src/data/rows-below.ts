import { type Begin, type GridRow, isFilled } from "./title-rows.js";

/** Most rows below a table, and fewest rows that a table has above them. */
const [MOST_BELOW, FEWEST_ROWS] = [30, 5];
/** The share of a table's rows that may be as empty as a note. */
const RARE = 0.05;

/** What begins a row of results: English, German, French and Spanish. */
const result =
  /^((grand |sub-?|overall )?total(s|es)?( rows| count| general| général)?|sum|average|mean|count|(gesamt|zwischen|end)?summe|gesamt(zahl|ergebnis)?|insgesamt|durchschnitt|mittelwert|anzahl|(sous-)?total général|somme|moyenne|nombre|suma|promedio|media|recuento)\s*:?$/iu;
/** What begins a note. */
const note =
  /^(\*|(notes?|source|exported|generated|hinweise?|anmerkung(en)?|quelle|stand|remarques?|notas?|fuente)\s*:)/iu;
const isNumber = (field: string) => /\d/.test(field) && /^[-+(]?[\d.,'\s%€$£)]+$/u.test(field.trim());

const filledIn = ({ fields }: GridRow) => fields.filter(isFilled);

/** "Total" and numbers beside it. */
function isResult(row: GridRow): boolean {
  const [first, ...others] = filledIn(row);
  return first !== undefined && result.test(first.trim()) && others.length > 0 && others.every(isNumber);
}

/** How many columns the rows of a table fill, but for a few. */
function usualFill(rows: readonly GridRow[]): number {
  const filled = rows.map((row) => filledIn(row).length).sort((a, b) => a - b);
  return filled[Math.floor(RARE * filled.length)] ?? 0;
}

/** Where the last rows begin that an empty row separates from those above them; null if there are none among the last ones. */
function lastBlock(rows: readonly GridRow[], least: number): number | null {
  for (let i = rows.length - 1; i >= least; i--) if (rows[i]!.at > rows[i - 1]!.at + 1) return i;
  return null;
}

/**
 * The place among `rows` of the first row below the table that `begin` begins: totals ("Total", 24), and notes ("Source: …"), which fill
 * at most half as many columns as the table's rows and begin like a note or follow an empty row. `rows.length` if there are none.
 */
export function endOf(rows: readonly GridRow[], { first, header }: Begin): number {
  const top = first + (header ? 1 : 0);
  const least = Math.max(top + FEWEST_ROWS, rows.length - MOST_BELOW);
  if (least >= rows.length) return rows.length;
  const usual = usualFill(rows.slice(top, least));
  const isShort = (row: GridRow) => 2 * filledIn(row).length <= usual;
  let end = rows.length;
  while (end > least) {
    const last = rows[end - 1]!;
    const begins = filledIn(last)[0]?.trim() ?? "";
    if (isResult(last) || (isShort(last) && (note.test(begins) || result.test(begins)))) {
      end--;
      continue;
    }
    const block = lastBlock(rows.slice(0, end), least);
    if (block === null || !rows.slice(block, end).every((row) => isResult(row) || isShort(row))) break;
    end = block;
  }
  return end;
}
