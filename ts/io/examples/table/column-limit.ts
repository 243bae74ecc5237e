import { FormatError } from "../../../errors/errors.js";

/** The most columns of a table. More columns mean a wrong delimiter, or not a table. */
export const MOST_COLUMNS = 10_000;

/** The error for a row with more. */
export function tooWide(file: string, line: number, delimiter: string): FormatError {
  return new FormatError(
    `${file}, line ${line}: the row has more than ${MOST_COLUMNS} columns with the delimiter ${JSON.stringify(delimiter)}, ` +
      "which is the maximum: set the right delimiter, or keep only the columns of text and label",
    { file, line, expected: MOST_COLUMNS },
  );
}

/**
 * The first line of the first row with too many columns, found before any field is created; null for none. If all lines are short, only
 * line ends are read.
 * @param quoted whether quoted fields may contain delimiters and line ends
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

/** Index of the quote that closes the one at `open`: before a delimiter, a line end or the end of the text, optionally after spaces. */
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
