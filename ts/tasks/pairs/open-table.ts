import type { OptionNames } from "../../training/spec/option-names.js";
import { ConfigError } from "../../errors/errors.js";
import type { ExampleFormat } from "../../io/examples/index.js";
import { readJsonRows } from "../../io/examples/json.js";
import { filledRows, isBlank, rowsOf } from "../../io/examples/read.js";
import { withoutEmptyRows } from "../table-rows.js";

/** A name that no column has: asking for it tells the columns of a file. */
const NO_COLUMN = "\0";

/** A row's values in the columns that were asked for. */
interface TableRow {
  readonly line: number;
  readonly values: readonly unknown[];
}

/** The columns of a file, and what reads some of them. */
export interface OpenTable {
  readonly names: readonly string[];
  read(columns: readonly string[]): Promise<TableRow[]>;
}

/**
 * The columns of a table whose rows are of one of several forms: CSV, TSV, Parquet, JSON Lines or JSON, of which the first object counts, a
 * list `negatives` as `negative_1` and so on, `margins` likewise. Rejects with `FormatError` for a damaged file.
 */
export async function openTable(
  file: string,
  bytes: Uint8Array,
  format: ExampleFormat,
  onWarning: (message: string) => void,
): Promise<OpenTable> {
  if (format === "json" || format === "jsonl") {
    const rows = readJsonRows(bytes, format, file).map(({ line, row }) => ({ line, row: withoutLists(row) }));
    const read = async (columns: readonly string[]) =>
      rows.map(({ line, row }) => ({ line, values: columns.map((name) => row[name]) }));
    return { names: Object.keys(rows[0]!.row), read };
  }
  const rows = (wanted: readonly string[], warn?: (message: string) => void) =>
    rowsOf(bytes, wanted, { text: wanted[0]!, format, header: true, file, ...(warn && { onWarning: warn }) });
  const names = await rows([NO_COLUMN]).then(
    () => [NO_COLUMN],
    (error: unknown) => {
      if (error instanceof ConfigError && Array.isArray(error.details["allowed"]))
        return error.details["allowed"] as string[];
      throw error;
    },
  );
  const read = async (columns: readonly string[]) =>
    (await rows(columns, onWarning)).map(({ line, fields }) => ({ line, values: fields }));
  return { names, read };
}

/** What to read of an open table: columns of texts and of values, and which rows `allow` removes if one of these is empty. */
interface Wanted {
  readonly file: string;
  readonly format: ExampleFormat;
  readonly texts: readonly string[];
  readonly values: readonly string[];
  readonly allow: readonly string[];
}

/** The rows of a table, texts before values, without those that `allow` removes; a warning says how many these are. */
export async function filledTable(
  { read }: OpenTable,
  { file, format, texts, values, allow }: Wanted,
  access: { onWarning(message: string): void; readonly optionNames: OptionNames },
): Promise<readonly TableRow[]> {
  const all = await read([...texts, ...values]);
  // Without the setting, the error about an empty field names its column.
  const kept = (what: "refuse" | "leave out") => (what === "refuse" ? "keep" : what);
  const lacksText = (value: unknown) => isBlank(value) || (Array.isArray(value) && value.some(isBlank));
  const table = await withoutEmptyRows(file, allow, access, ({ emptyTexts, emptyLabels }) =>
    filledRows(
      all,
      {
        file,
        format,
        text: texts.join(", "),
        label: values.join(", "),
        emptyTexts: kept(emptyTexts),
        emptyLabels: kept(emptyLabels),
      },
      {
        text: (row) => (row.values.slice(0, texts.length).some(lacksText) ? null : row),
        label: (row) => (row.values.slice(texts.length).some(isBlank) ? null : row),
      },
    ),
  );
  return table.rows;
}

/** What removes rows with such a field, for the end of a message; empty unless the field is empty. */
export const removalOf = (value: unknown, isText: boolean, { setting }: Pick<OptionNames, "setting">): string =>
  isBlank(value) ? `; ${setting("allow")} ${isText ? "empty-texts" : "empty-labels"} removes such rows` : "";

/** Lists of a JSON row that tables have as columns, by the name of a column. */
const LISTED = { negatives: "negative", margins: "margin" } as const;

function withoutLists(row: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = { ...row };
  for (const [list, name] of Object.entries(LISTED)) {
    const given = row[list];
    if (!Array.isArray(given)) continue;
    delete found[list];
    given.forEach((one: unknown, i) => (found[`${name}_${i + 1}`] = one));
  }
  return found;
}

/** A value as a number: true and false are 1 and 0; NaN for others. */
export function numberOf(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const text = typeof value === "string" ? value.trim().toLowerCase() : "";
  if (text === "true" || text === "false") return text === "true" ? 1 : 0;
  return text === "" ? NaN : Number(text);
}
