import Papa from "papaparse";
import { extname } from "node:path";
import { ConfigError } from "../../errors/errors.js";
import { decodeText, exampleFormat } from "../../io/examples/index.js";
import { isNumber, normaliseText } from "../../io/examples/row.js";
import { PickedColumns } from "../../io/examples/table/columns.js";
import { readDelimited, sniffDelimiter } from "../../io/examples/table/delimited.js";

/** A table's rows with all their columns. */
export interface KeptTable {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const delimiters: Readonly<Record<string, string>> = { ".csv": ",", ".tsv": "\t" };

/** The delimiter for a file name. Throws `ConfigError` for a name that is not a table's. */
export function delimiterOf(out: string): string {
  const delimiter = delimiters[extname(out).toLowerCase()];
  if (delimiter !== undefined) return delimiter;
  throw new ConfigError(`--out ${out}: a name that ends in ${Object.keys(delimiters).join(" or ")} is expected`, {
    option: "--out",
    value: out,
  });
}

/**
 * All columns of a CSV or TSV file, one row per text; null for other files, whose rows may have different fields. Without a header, names
 * are numbers. Throws as `readExamples`.
 */
export function keptTable(file: string, bytes: Uint8Array, text: string): KeptTable | null {
  const format = exampleFormat(file);
  if (format !== "csv" && format !== "tsv") return null;
  const body = normaliseText(decodeText(bytes, file));
  const delimiter = sniffDelimiter(body, delimiters[`.${format}`]!, [text], undefined);
  let names: readonly string[] = [];
  let picked: PickedColumns | null = null;
  readDelimited(body, delimiter, file, (row) => {
    if (picked === null) names = isNumber(text) ? Array.from(row.fields.keys(), String) : row.fields;
    const all = { header: "auto", columns: undefined, file, onWarning: undefined } as const;
    picked ??= new PickedColumns([text, ...row.fields.keys()], all);
    picked.add(row);
  });
  const rows = (picked as PickedColumns | null)?.rows() ?? [];
  return { names, rows: rows.map(({ fields }) => fields.slice(1)) };
}

/** The predictions of texts: names of columns, and a row per text. */
export interface PredictedColumns {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Each text's prediction after the columns of its row; without a table, after its number and text. */
export function predictedTable(
  kept: KeptTable | null,
  texts: readonly string[],
  predicted: PredictedColumns,
  delimiter: string,
): string {
  const names = kept?.names ?? ["row", "text"];
  const rowOf = (i: number) => kept?.rows[i] ?? [String(i + 1), texts[i]!];
  const own = predicted.names.map((name) => (names.includes(name) ? `lowrank_${name}` : name));
  const data = predicted.rows.map((row, i) => [...rowOf(i), ...row]);
  return `${Papa.unparse([[...names, ...own], ...data], { delimiter, newline: "\n" })}\n`;
}
