import { ConfigError, FormatError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { headerWarning, looksLikeHeader } from "./header-row.js";
import type { Row } from "./rows.js";

/** A column by its name, or by its number from 0 (as a number or in digits). */
export type Column = string | number;

/** Whether a column is meant by its number. */
export const isNumber = (column: Column) => typeof column === "number" || /^\d+$/.test(column);
/** A name without case and surrounding spaces, in which spreadsheets and people differ. */
const plain = (name: string) => name.trim().toLowerCase();
/** How many columns a message names. */
const NAMED = 12;

function quoted(names: readonly string[]): string {
  const first = names.slice(0, NAMED).map((name) => JSON.stringify(clip(name, 40)));
  return names.length > NAMED ? `${first.join(", ")} and ${names.length - NAMED} more` : first.join(", ");
}

/**
 * Whether the first row names the columns: where that is not said, if it holds one of the names asked for. Digits do not
 * count: asked for as a column, "0" may well stand in the first row as a label.
 */
function hasHeader(first: Row, wanted: readonly Column[], header: boolean | "auto"): boolean {
  if (header !== "auto") return header;
  return wanted.some((column) => !isNumber(column) && first.fields.includes(String(column)));
}

/** What a table's rows are read by. */
export interface TableOptions {
  readonly header: boolean | "auto";
  /** Names of the columns of a file without a header. */
  readonly columns: readonly string[] | undefined;
  readonly file: string;
  readonly onWarning: ((message: string) => void) | undefined;
}

/**
 * Rows without those that repeat the header, as files have that were put together of several. A header of one column is
 * left: it may well be a text.
 */
function withoutRepeats(rows: readonly Row[], header: Row, { file, onWarning }: TableOptions): readonly Row[] {
  const { fields } = header;
  if (fields.length < 2) return rows;
  const repeats = rows.filter((row) => row.fields.every((field, i) => field === fields[i]));
  if (repeats.length === 0) return rows;
  const times = repeats.length === 1 ? "line" : `${repeats.length} lines, the first being line`;
  onWarning?.(`${file}: the header is repeated on ${times} ${repeats[0]!.line}; left out`);
  const repeated = new Set(repeats);
  return rows.filter((row) => !repeated.has(row));
}

/**
 * Rows reduced to the wanted columns, without the header, however often it stands in the file.
 * @throws `ConfigError` for a column that is not there, naming those that are; `FormatError` for a file without rows
 */
export function pickColumns(rows: readonly Row[], wanted: readonly Column[], options: TableOptions): Row[] {
  const { header, columns, file } = options;
  const [first] = rows;
  if (!first) throw new FormatError(`${file}: expected rows of examples, but it is empty`, { file });
  const named = hasHeader(first, wanted, header);
  const names = named ? first.fields : columns;
  const indices = wanted.map((column) => {
    const index = typeof column === "string" ? (names?.indexOf(column) ?? -1) : -1;
    if (index >= 0) {
      if (names!.indexOf(column as string, index + 1) >= 0)
        throw new ConfigError(`${file}: two columns are called ${JSON.stringify(column)}; give its number from 0`, { column });
      if (index < first.fields.length) return index;
      throw new ConfigError(
        `${file}: column ${JSON.stringify(column)} is the ${index + 1}th that are named, its lines have ${first.fields.length}`,
        { file, column, columns: first.fields.length },
      );
    }
    if (isNumber(column) && Number.isSafeInteger(Number(column)) && Number(column) < first.fields.length && Number(column) >= 0)
      return Number(column);
    const has = names
      ? `it has ${quoted(names)}`
      : `its first line holds ${quoted(first.fields)}; if that is no header, give columns by number, 0 to ${first.fields.length - 1}`;
    const same = (names ?? first.fields).find((name) => plain(name) === plain(String(column)));
    const meant = same === undefined ? "" : `; did you mean ${JSON.stringify(same)}?`;
    throw new ConfigError(`${file} has no column ${JSON.stringify(column)}: ${has}${meant}`, { file, column });
  });
  const body = named ? withoutRepeats(rows.slice(1), first, options) : rows;
  if (body.length === 0) throw new FormatError(`${file}: it has a header but no examples`, { file });
  const picked = body.map(({ line, fields }) => ({ line, fields: indices.map((index) => fields[index]!) }));
  if (!named && header === "auto" && columns === undefined && looksLikeHeader(first, picked))
    options.onWarning?.(headerWarning(file, first));
  return picked;
}
