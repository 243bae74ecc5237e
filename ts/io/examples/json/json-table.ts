import { FormatError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { isJsonObject, type Json, parseJson } from "../../json.js";
import type { Column } from "../table/column.js";
import { fieldText, jsonRules } from "./json-value.js";
import type { OtherHalf } from "../table/other-half.js";
import type { Row } from "../table/rows.js";

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
