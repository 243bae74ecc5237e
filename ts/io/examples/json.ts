import { FormatError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { isJsonObject, type Json, parseJson } from "../json.js";
import { type Column, normaliseText, type Row } from "./row.js";
import type { OtherHalf } from "./table/other-half.js";
import { decodeText } from "./text-encoding.js";

/**
 * The requested fields of JSON Lines: one object per line; blank lines are skipped. Strings stay unchanged, numbers and booleans become
 * text as in JSON.
 * @param text normalised text; @param file the file's name in messages
 * @throws `FormatError` with the line, for a line that is not an object or lacks a field
 */
export function parseJsonLines(text: string, wanted: readonly Column[], file: string, half: OtherHalf | null): Row[] {
  const rows: Row[] = [];
  let other: string | null = null;
  for (const { line, row, fail } of linesOfJson(text, file)) {
    if (rows.length === 0) other = half?.among(Object.keys(row)) ?? null;
    if (other !== null) half!.see(row[other]);
    const fields = wanted.map((column) => {
      const field = Object.hasOwn(row, column) ? row[column] : undefined;
      return fieldText(field, column, () => Object.keys(row), fail);
    });
    rows.push({ line, fields });
  }
  if (rows.length === 0)
    throw new FormatError(`${file}: expected one JSON object per line, but the file is empty`, { file });
  return rows;
}

/** The objects of JSON Lines, with their lines and a function that makes errors with the place. Throws `FormatError` for invalid lines. */
function* linesOfJson(text: string, file: string) {
  for (const [index, source] of text.split("\n").entries()) {
    if (source.trim() === "") continue;
    const line = index + 1;
    const fail = (problem: string, cause?: unknown) =>
      new FormatError(`${file}, line ${line}: ${problem}`, { file, line }, { cause });
    const row = parseJson(source, fail, jsonRules);
    if (!isJsonObject(row)) throw fail(`expected a JSON object, got ${clip(source, 60)}`);
    yield { line, row, fail };
  }
}

type JsonObject = { readonly [key: string]: Json };

const own = (object: JsonObject, key: Column) => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Values of a column: a list, or, as pandas writes them, an object by row. */
function columnValues(value: Json | undefined): readonly Json[] | null {
  if (Array.isArray(value)) return value as readonly Json[];
  return isJsonObject(value) ? Object.values(value) : null;
}

function kinds(value: JsonObject): string {
  const kind = (field: Json) => (Array.isArray(field) ? `a list of ${field.length}` : excerpt(field, 20));
  return clip(
    Object.entries(value)
      .map(([key, field]) => `${JSON.stringify(clip(key, 40))}: ${kind(field)}`)
      .join(", "),
  );
}

/**
 * The requested fields of a JSON file: a list of objects; an object with one such list; or an object of columns, each a list or, as pandas
 * writes them, an object by row. `line` of a row is its number from 1.
 * @param text normalised text; @param file the file's name in messages
 * @throws `FormatError` with the row, for other JSON or a missing field
 */
export function parseJsonTable(text: string, wanted: readonly Column[], file: string, half: OtherHalf | null): Row[] {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${file}: ${problem}`, { file }, { cause });
  const value = parseJson(text, fail, jsonRules);
  if (Array.isArray(value)) return fromObjects(value as readonly Json[], wanted, file, half);
  if (!isJsonObject(value)) throw fail(`expected a list of objects, got ${clip(text.trim(), 60)}`);
  if (wanted.some((column) => columnValues(own(value, column)) !== null)) return fromColumns(value, wanted, file, half);
  const lists = Object.values(value).filter((field) => Array.isArray(field) && isJsonObject(field[0]));
  if (lists.length === 1) return fromObjects(lists[0] as readonly Json[], wanted, file, half);
  throw fail(
    `expected a list of objects, an object with one such list, or lists by column; it has ${kinds(value) || "nothing"}`,
  );
}

function fromObjects(items: readonly Json[], wanted: readonly Column[], file: string, half: OtherHalf | null): Row[] {
  if (items.length === 0) throw new FormatError(`${file}: expected a list of objects, but the list is empty`, { file });
  const other = isJsonObject(items[0]) ? (half?.among(Object.keys(items[0])) ?? null) : null;
  return items.map((item, i) => {
    const line = i + 1;
    const fail = (problem: string) => new FormatError(`${file}, item ${line}: ${problem}`, { file, line });
    if (!isJsonObject(item)) throw fail(`expected a JSON object, got ${excerpt(item, 60)}`);
    if (other !== null) half!.see(own(item, other));
    return {
      line,
      fields: wanted.map((column) => fieldText(own(item, column), column, () => Object.keys(item), fail)),
    };
  });
}

function fromColumns(value: JsonObject, wanted: readonly Column[], file: string, half: OtherHalf | null): Row[] {
  const columns = wanted.map((column) => {
    const values = columnValues(own(value, column));
    if (values !== null) return values;
    throw new FormatError(`${file}: there is no column ${JSON.stringify(column)}; it has ${kinds(value)}`, {
      file,
      column,
    });
  });
  const length = columns[0]!.length;
  const odd = columns.findIndex((column) => column.length !== length);
  if (odd >= 0)
    throw new FormatError(
      `${file}: columns must have the same length: ${JSON.stringify(wanted[0])} has ${length} values, ${JSON.stringify(wanted[odd])} ${columns[odd]!.length}`,
      { file, column: wanted[odd] },
    );
  const [keys, ...rest] = wanted.map((column) => JSON.stringify(Object.keys(own(value, column) as JsonObject)));
  if (rest.some((others) => others !== keys))
    throw new FormatError(`${file}: the columns ${clip(wanted.join(", "))} have values for different rows`, { file });
  if (length === 0) throw new FormatError(`${file}: expected rows of examples, but its columns are empty`, { file });
  const other = half?.among(Object.keys(value)) ?? null;
  if (other !== null) for (const one of columnValues(own(value, other)) ?? []) half!.see(one);
  return columns[0]!.map((_, i) => {
    const line = i + 1;
    const fail = (problem: string) => new FormatError(`${file}, item ${line}: ${problem}`, { file, line });
    return {
      line,
      fields: columns.map((column, j) => fieldText(column[i], wanted[j]!, () => Object.keys(value), fail)),
    };
  });
}

/** An object of a file, and its line; in JSON its number from 1. */
export interface WholeRow {
  readonly line: number;
  readonly row: Readonly<Record<string, unknown>>;
}

/**
 * Objects of JSON Lines, or of a JSON file: a list of objects, or an object with one such list. Throws `FormatError` with the line for
 * anything else.
 */
export function readJsonRows(bytes: Uint8Array, format: "jsonl" | "json", file: string): WholeRow[] {
  const text = normaliseText(decodeText(bytes, file));
  const rows =
    format === "jsonl" ? Array.from(linesOfJson(text, file), ({ line, row }) => ({ line, row })) : fromList(text, file);
  if (rows.length === 0) throw new FormatError(`${file}: expected JSON objects, but the file is empty`, { file });
  return rows;
}

function fromList(text: string, file: string): WholeRow[] {
  const fail = (problem: string, cause?: unknown) => new FormatError(`${file}: ${problem}`, { file }, { cause });
  const value = parseJson(text, fail, jsonRules);
  const lists = isJsonObject(value) ? Object.values(value).filter((field) => Array.isArray(field)) : [value];
  const [list] = lists;
  if (lists.length !== 1 || !Array.isArray(list))
    throw fail(`expected a list of objects, or an object with one such list, got ${excerpt(value, 60)}`);
  return (list as readonly Json[]).map((row, i) => {
    if (isJsonObject(row)) return { line: i + 1, row };
    throw new FormatError(`${file}, item ${i + 1}: expected a JSON object, got ${excerpt(row, 60)}`, {
      file,
      line: i + 1,
    });
  });
}

/** Real texts contain emoji that were cut in half; a tokenizer treats them as unknown. */
const jsonRules = { loneSurrogates: true };

/**
 * A text or label of JSON: a string unchanged, a number or boolean as JSON writes it, and an empty text for null, which pandas writes for
 * missing values. Throws the result of `fail` for anything else.
 * @param field the value, undefined if the field is missing; @param keys the existing names, for the message
 */
function fieldText(
  field: Json | undefined,
  column: string | number,
  keys: () => readonly string[],
  fail: (problem: string) => FormatError,
): string {
  if (typeof field === "string") return field;
  if (field === null) return "";
  // Beyond 2^53 different numbers in the file become equal, and so would labels.
  if (typeof field === "number" && Math.abs(field) > Number.MAX_SAFE_INTEGER) {
    throw fail(`${JSON.stringify(column)} has a number above 2^53, which would lose digits; write it in quotes`);
  }
  if (typeof field === "number" || typeof field === "boolean") return String(field);
  throw fail(
    field === undefined
      ? `there is no field ${JSON.stringify(column)}; the object has ${clip(keys().join(", ")) || "none"}`
      : `expected ${JSON.stringify(column)} to be text or a number, got ${excerpt(field)}`,
  );
}
