import { misspelt } from "../../../arguments/options.js";
import { ConfigError, FormatError } from "../../../errors/errors.js";
import { clip } from "../../../errors/excerpt.js";
import { type Column, isNumber, type Row } from "../row.js";
import type { OtherHalf } from "./other-half.js";

/** Usual names of columns of texts and labels, in any case. */
const USUAL =
  /^(id|index|text|texts|sentence|body|title|subject|comment|comments|review|content|message|description|question|name|label|labels|class|category|target|sentiment|score|rating|stars|queue|topic|tag|intent)$/i;
/** The longest name, in characters. */
const LONGEST = 40;
/** The fewest rows for a judgement. */
const FEWEST = 4;

/** Whether a field is short, of words or an identifier, and not a number or a sentence. */
const isName = (field: string) =>
  /^[\p{L}_][\p{L}\p{M}\p{N}_ .()/#-]*$/u.test(field) && !/[.]$/.test(field) && field.length <= LONGEST;
const holdsNumber = (field: string) => field.trim() !== "" && Number.isFinite(Number(field));

/**
 * Whether the first row of a table with columns by number looks like a header: its fields are different names; the one in the labels'
 * column occurs nowhere else there, while other labels repeat or are numbers; and one is a usual name or the labels are numbers.
 * @param wanted rows with the requested fields: the text and, if requested, the label
 */
function looksLikeHeader(first: Row, wanted: readonly Row[]): boolean {
  const { fields } = first;
  if (wanted.length < FEWEST || !fields.every(isName) || new Set(fields).size < fields.length) return false;
  const usual = fields.some((field) => USUAL.test(field.trim()));
  const label = wanted[0]!.fields[1];
  if (label === undefined) return usual;
  const counts = new Map<string, number>();
  for (const { fields: own } of wanted) counts.set(own[1]!, (counts.get(own[1]!) ?? 0) + 1);
  if (counts.get(label)! > 1) return false;
  counts.delete(label);
  const others = [...counts];
  if (others.every(([other]) => holdsNumber(other))) return true;
  return usual && others.filter(([, count]) => count > 1).length > others.length / 2;
}

/** The warning about it. */
function headerWarning(file: string, { line, fields }: Row): string {
  const names = fields.slice(0, 6).map((field) => JSON.stringify(clip(field, 40)));
  return (
    `${file}, line ${line}: ${names.join(", ")} ${fields.length === 1 ? "looks" : "look"} like a header, but since columns are named by number, it is read as an ` +
    "example: name the columns by these names instead"
  );
}

/** A name without case and surrounding spaces. */
const plain = (name: string) => name.trim().toLowerCase();
/** The most columns that a message names. */
const NAMED = 12;

function quoted(names: readonly string[]): string {
  const first = names.slice(0, NAMED).map((name) => JSON.stringify(clip(name, 40)));
  return names.length > NAMED ? `${first.join(", ")} and ${names.length - NAMED} more` : first.join(", ");
}

/**
 * Whether the first row is a header. Default: if it contains a requested name. Digits do not count: a requested column "0" may be a label
 * in the first row.
 */
function hasHeader(first: Row, wanted: readonly Column[], header: boolean | "auto"): boolean {
  if (header !== "auto") return header;
  return wanted.some((column) => !isNumber(column) && first.fields.includes(String(column)));
}

/** How to read a table's rows. */
export interface TableOptions {
  readonly header: boolean | "auto";
  /** Names of the columns of a file without a header. */
  readonly columns: readonly string[] | undefined;
  readonly file: string;
  readonly onWarning: ((message: string) => void) | undefined;
  /** Gets the values of a column that may be the other half of a pair. */
  readonly half?: OtherHalf | null;
}

/** Index of each requested column. Throws `ConfigError` for a missing one, naming the existing ones. */
function indicesOf(
  first: Row,
  names: readonly string[] | undefined,
  wanted: readonly Column[],
  file: string,
): number[] {
  return wanted.map((column) => {
    const index = typeof column === "string" ? (names?.indexOf(column) ?? -1) : -1;
    if (index >= 0) {
      if (names!.indexOf(column as string, index + 1) >= 0)
        throw new ConfigError(
          `${file}: two columns are called ${JSON.stringify(column)}; name the column by its number from 0`,
          {
            column,
          },
        );
      if (index < first.fields.length) return index;
      throw new ConfigError(
        `${file}: column ${JSON.stringify(column)} is number ${index + 1} of the named columns, but its lines have ${first.fields.length} fields`,
        { file, column, columns: first.fields.length },
      );
    }
    if (
      isNumber(column) &&
      Number.isSafeInteger(Number(column)) &&
      Number(column) < first.fields.length &&
      Number(column) >= 0
    )
      return Number(column);
    const has = names
      ? `it has ${quoted(names)}`
      : `its first line has ${quoted(first.fields)}; if that is not a header, name columns by number, 0 to ${first.fields.length - 1}`;
    const asked = String(column);
    const there = names ?? first.fields;
    const same =
      there.find((name) => plain(name) === plain(asked)) ?? (isNumber(column) ? undefined : misspelt(asked, there));
    const meant = same === undefined ? "" : `; did you mean ${JSON.stringify(same)}?`;
    throw new ConfigError(`${file} has no column ${JSON.stringify(column)}: ${has}${meant}`, {
      file,
      column,
      allowed: there,
    });
  });
}

/**
 * Reduces rows to the requested columns as they arrive, without the header and its repetitions; other fields are not kept. A repeated
 * header of a single column stays: it may be a text.
 */
export class PickedColumns {
  private first: Row | null = null;
  private named = false;
  private indices: readonly number[] = [];
  private other = -1;
  /** A problem to report after all rows: an error about a damaged file says more. */
  private problem: Error | null = null;
  private readonly picked: Row[] = [];
  private readonly repeats = { count: 0, line: 0 };

  constructor(
    private readonly wanted: readonly Column[],
    private readonly options: TableOptions,
  ) {}

  /** Adds the next row; the first determines the columns. */
  add(row: Row): void {
    if (this.first === null) return this.begin(row);
    if (this.problem !== null) return;
    const { fields } = this.first;
    if (this.named && fields.length > 1 && row.fields.every((field, i) => field === fields[i])) {
      if (this.repeats.count++ === 0) this.repeats.line = row.line;
    } else this.take(row);
  }

  /** @throws `ConfigError` for a missing column, naming the existing ones; `FormatError` for a file without rows */
  rows(): Row[] {
    const { first, named, picked, repeats } = this;
    const { file, header, columns, onWarning } = this.options;
    if (first === null) throw new FormatError(`${file}: expected rows of examples, but the file is empty`, { file });
    if (this.problem !== null) throw this.problem;
    const times = repeats.count === 1 ? "line" : `${repeats.count} lines, the first is line`;
    if (repeats.count > 0) onWarning?.(`${file}: the header is repeated on ${times} ${repeats.line}; skipped`);
    if (picked.length === 0) throw new FormatError(`${file}: the file has a header but no examples`, { file });
    if (!named && header === "auto" && columns === undefined && looksLikeHeader(first, picked))
      onWarning?.(headerWarning(file, first));
    return picked;
  }

  private begin(row: Row): void {
    const { wanted } = this;
    const { header, columns, file, half } = this.options;
    this.first = row;
    this.named = hasHeader(row, wanted, header);
    try {
      this.indices = indicesOf(row, this.named ? row.fields : columns, wanted, file);
    } catch (problem) {
      this.problem = problem as Error;
    }
    const other = this.named ? half?.among(row.fields) : null;
    this.other = other == null ? -1 : row.fields.indexOf(other);
    if (this.problem === null && !this.named) this.take(row);
  }

  private take({ line, fields }: Row): void {
    this.picked.push({ line, fields: this.indices.map((index) => fields[index]!) });
    if (this.other >= 0) this.options.half!.see(fields[this.other]);
  }
}
