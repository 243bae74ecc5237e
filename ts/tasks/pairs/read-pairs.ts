import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import type { TaskFile } from "../../training/data/parts.js";
import { sha256 } from "../../io/sha256.js";
import type { FileExample, RunContext } from "../../training/task-definition.js";
import { type PairColumns, pairColumns } from "./pair-columns.js";
import { checkUnmined, type PairForm, type PairsSettings } from "./settings.js";
import { checkFieldsDiffer } from "../table-rows.js";
import { filledTable, numberOf, openTable, removalOf } from "./open-table.js";

/** A row of texts that belong together or do not. */
export interface PairRow extends FileExample {
  readonly form: PairForm;
  /** Texts, in the order of the loss's columns: the first is `text`. */
  readonly texts: readonly string[];
  /** Score, of "scores". */
  readonly score?: number;
  /** Label, of "labels": 1 for texts that belong together, else 0. */
  readonly label?: 0 | 1;
  /** Name of the class, of "classes". */
  readonly name?: string;
  /** The teacher's margins or scores, of "margins", or its vector, of "vectors". */
  readonly teacher?: Float32Array;
  /** What is put before its texts; omitted for nothing. */
  readonly prompts?: TextPrompts;
}

/** What is put before texts that search, and before those that are searched. */
export interface TextPrompts {
  readonly query: string;
  readonly document: string;
}

/** A text as it is encoded. */
export const promptedText = ({ prompts }: Pick<PairRow, "prompts">, text: string, isQuery: boolean): string =>
  prompts === undefined ? text : (isQuery ? prompts.query : prompts.document) + text;

type Read = "fields" | "allow" | "loss" | "queryPrompt" | "documentPrompt" | "mineNegatives";

/**
 * Reads a file of pairs: CSV, TSV, JSON Lines, JSON or Parquet. Throws `FormatError` for a damaged file, and `ConfigError`, with the place,
 * for columns that are no pairs, empty texts, and values that are no score or label.
 */
export async function readPairs(
  path: string,
  { fields, allow, loss, queryPrompt, documentPrompt, mineNegatives }: Pick<PairsSettings, Read>,
  { sources, emit, optionNames }: Pick<RunContext, "sources" | "emit" | "optionNames">,
): Promise<TaskFile<PairRow>> {
  checkFieldsDiffer(fields, optionNames);
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const format = exampleFormat(path);
  const table = await openTable(file, bytes, format, onWarning);
  const columns = pairColumns(file, table.names, fields, loss);
  const { form, texts, value, taught = [] } = columns;
  if (mineNegatives !== null) checkUnmined(file, form === "search" && texts.length === 2, texts, optionNames);
  const prompts = { query: queryPrompt ?? "", document: documentPrompt ?? "" };
  const isPrompted = prompts.query + prompts.document !== "";
  if (isPrompted && form !== "search" && form !== "margins") {
    const option = queryPrompt === null ? "documentPrompt" : "queryPrompt";
    throw new ConfigError(
      `${file}: ${optionNames.setting(option)} is for rows with an anchor and a positive, and these have ${texts.join(", ")}; omit it`,
      { file, option },
    );
  }
  const wanted = { file, format, texts, values: value === null ? taught : [value], allow };
  const rows = await filledTable(table, wanted, { onWarning, optionNames });
  const count = texts.length;
  const examples = rows.map(({ line, values }) => ({
    ...rowOf(file, line, columns, values.slice(0, count), values.slice(count), optionNames),
    ...(isPrompted && { prompts }),
  }));
  return { file, sha256: hash, examples, labels: [] };
}

function rowOf(
  file: string,
  line: number,
  columns: PairColumns,
  texts: readonly unknown[],
  values: readonly unknown[],
  optionNames: RunContext["optionNames"],
): PairRow {
  const { form, taught = [] } = columns;
  const [value] = values;
  const wrong = (column: string, expected: string, found: unknown) =>
    new ConfigError(
      `${file}, ${placeIn(file, line)}: ${expected} is expected in column ${JSON.stringify(column)}, got ${excerpt(found)}` +
        removalOf(found, columns.texts.includes(column), optionNames),
      { file, line, column, value: found },
    );
  const own = texts.map((one, i) => {
    if (typeof one === "string" && one.trim() !== "") return one;
    throw wrong(columns.texts[i]!, "a text that is not empty", one);
  });
  const row = { line, text: own[0]!, form, texts: own };
  if (form === "search") return row;
  const isNumber = (number: number) => Number.isFinite(Math.fround(number));
  if (form === "margins") {
    const numbers = values.map(numberOf);
    const place = numbers.findIndex((number) => !isNumber(number));
    if (place === -1) return { ...row, teacher: Float32Array.from(numbers) };
    throw wrong(taught[place]!, "a number", values[place]);
  }
  const column = columns.value!;
  if (form === "classes") {
    const name = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof name === "string" && name.trim() !== "") return { ...row, name };
    throw wrong(column, "a label", value);
  }
  if (form === "vectors") {
    const numbers = numbersIn(value);
    if (numbers.length > 0 && numbers.every(isNumber)) return { ...row, teacher: Float32Array.from(numbers) };
    throw wrong(column, "a list of numbers, the teacher's vector,", value);
  }
  const number = numberOf(value);
  if (form === "scores") {
    if (isNumber(number)) return { ...row, score: number };
    throw wrong(column, "a number", value);
  }
  if (number === 0 || number === 1) return { ...row, label: number };
  throw wrong(column, "1 (the texts belong together) or 0", value);
}

/** The numbers of a list; of a table's cell those between brackets, commas and spaces. */
function numbersIn(value: unknown): number[] {
  if (Array.isArray(value)) return value.map((one: unknown) => (typeof one === "number" ? one : NaN));
  if (typeof value !== "string") return [];
  const words = value
    .trim()
    .replace(/^\[|\]$/g, "")
    .split(/[\s,;]+/);
  return words.filter((word) => word !== "").map(Number);
}
