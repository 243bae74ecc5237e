import { FormatError } from "../../../errors/errors.js";

/** More columns than a table of texts has: what gives more is cut at the wrong character, or is no table. */
export const MOST_COLUMNS = 10_000;

/** What to say of a row that has more. */
export function tooWide(file: string, line: number, delimiter: string): FormatError {
  return new FormatError(
    `${file}, line ${line}: the row has more than ${MOST_COLUMNS} columns by the delimiter ${JSON.stringify(delimiter)}; ` +
      "tables of more are not read: give the character that separates the fields, or keep the columns of text and label alone",
    { file, line, expected: MOST_COLUMNS },
  );
}

/**
 * The line on which the first row begins that has a line with too many columns, found before any field is made; null for none. Of a
 * text whose lines are all short nothing is read but their ends.
 * @param quoted whether fields may be in quotes, which then hold delimiters and line ends
 */
export function tooWideAt(text: string, delimiter: string, quoted: boolean): number | null {
  if (!hasLongLine(text)) return null;
  let [line, begun, columns] = [1, 1, 1];
  let atStart = true;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted && atStart && character === '"') {
      const end = closing(text, i, delimiter);
      for (let at = text.indexOf("\n", i); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) line++;
      i = end;
      atStart = false;
    } else if (character === "\n") {
      [begun, columns, atStart] = [++line, 1, true];
    } else if ((atStart = character === delimiter) && ++columns > MOST_COLUMNS) return begun;
  }
  return null;
}

function hasLongLine(text: string): boolean {
  let start = 0;
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
    if (end - start >= MOST_COLUMNS) return true;
    start = end + 1;
  }
  return text.length - start >= MOST_COLUMNS;
}

/** Where the quotes that open at `open` close: before a delimiter, a line's end or the text's, with spaces between or without. */
function closing(text: string, open: number, delimiter: string): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    if (text[at + 1] === '"') {
      at++;
      continue;
    }
    let next = at + 1;
    while (text[next] === " ") next++;
    if (next === text.length || text[next] === delimiter || text[next] === "\n") return at;
    at = next - 1;
  }
  return text.length;
}
