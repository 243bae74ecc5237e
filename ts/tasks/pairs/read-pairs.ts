import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import type { TaskFile } from "../../training/data/parts.js";
import { sha256 } from "../../training/sources/sha256.js";
import type { FileExample, RunContext } from "../../training/task-definition.js";
import { type PairColumns, pairColumns } from "./pair-columns.js";
import { numberOf, openTable } from "./open-table.js";
import type { PairForm, PairsSettings } from "./settings.js";

/** A row of texts that belong together or do not. */
export interface PairRow extends FileExample {
  readonly form: PairForm;
  /** Its texts, in the order of the loss's columns: the first is `text`. */
  readonly texts: readonly string[];
  /** Of "scores". */
  readonly score?: number;
  /** Of "labels": 1 for texts that belong together, else 0. */
  readonly label?: 0 | 1;
  /** Of "classes": the class's name. */
  readonly name?: string;
}

/**
 * Reads a file of pairs: CSV, TSV, JSON Lines, JSON or Parquet. Throws `FormatError` for a damaged file, and `ConfigError`, with the place,
 * for columns that are no pairs, empty texts, and values that are no score or label.
 */
export async function readPairs(
  path: string,
  { fields, loss }: Pick<PairsSettings, "fields" | "loss">,
  { sources, emit }: Pick<RunContext, "sources" | "emit">,
): Promise<TaskFile<PairRow>> {
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const { names, read } = await openTable(file, bytes, exampleFormat(path), onWarning);
  const columns = pairColumns(file, names, fields, loss);
  const { texts, value } = columns;
  const rows = await read(value === null ? texts : [...texts, value]);
  const count = texts.length;
  const examples = rows.map(({ line, values }) => rowOf(file, line, columns, values.slice(0, count), values[count]));
  return { file, sha256: hash, examples, labels: [] };
}

function rowOf(file: string, line: number, columns: PairColumns, texts: readonly unknown[], value: unknown): PairRow {
  const { form } = columns;
  const wrong = (column: string, expected: string, found: unknown) =>
    new ConfigError(
      `${file}, ${placeIn(file, line)}: ${expected} is expected in column ${JSON.stringify(column)}, got ${excerpt(found)}`,
      { file, line, column, value: found },
    );
  const own = texts.map((one, i) => {
    if (typeof one === "string" && one.trim() !== "") return one;
    throw wrong(columns.texts[i]!, "a text that is not empty", one);
  });
  const row = { line, text: own[0]!, form, texts: own };
  if (form === "search") return row;
  const column = columns.value!;
  if (form === "classes") {
    const name = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof name === "string" && name.trim() !== "") return { ...row, name };
    throw wrong(column, "a label", value);
  }
  const number = numberOf(value);
  if (form === "scores") {
    if (Number.isFinite(Math.fround(number))) return { ...row, score: number };
    throw wrong(column, "a number", value);
  }
  if (number === 0 || number === 1) return { ...row, label: number };
  throw wrong(column, "1 (the texts belong together) or 0", value);
}
