import { known } from "./runs.js";
import type { FileMetaData, SchemaElement } from "hyparquet/src/types.js";

/** A top-level column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  readonly element: SchemaElement;
  /** Whether it has lists, maps or structures. */
  readonly nested: boolean;
}

/** The columns at the top of a file's schema. */
export function topColumns({ schema }: FileMetaData): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  for (let at = 1; at < schema.length;) {
    const element = schema[at]!;
    columns.push({ name: element.name, element, nested: isNested(element) });
    // Skips nested elements: an element with children adds as many to skip.
    for (let open = 1; open > 0 && at < schema.length; at++) open += (schema[at]!.num_children ?? 0) - 1;
  }
  return columns;
}

const isNested = ({ num_children: children, repetition_type: repetition }: SchemaElement) =>
  (children ?? 0) > 0 || repetition === "REPEATED";

/** A column's type if it is not text, number or boolean; null if it can be read. */
export function unreadableKind({ element, nested }: ParquetColumn): string | null {
  if (nested) return "lists or structures";
  const { type, converted_type: converted, logical_type: logical } = element;
  const kind = logical?.type ?? converted;
  if (type === "BYTE_ARRAY")
    return [undefined, "STRING", "UTF8", "ENUM", "JSON"].includes(kind) ? null : `values of the kind ${kind}`;
  const whole = kind === undefined || kind === "INTEGER" || /^U?INT_/.test(kind);
  if (whole && ["BOOLEAN", "INT32", "INT64", "FLOAT", "DOUBLE"].includes(type ?? "")) return null;
  return `values of the kind ${known(kind ?? type)}`;
}

/** Names of a column's classes, as Hugging Face's datasets write them into the file; null for none. */
export function classNames({ key_value_metadata: pairs = [] }: FileMetaData, column: string): readonly string[] | null {
  const text = pairs.find(({ key }) => key === "huggingface")?.value;
  try {
    const { info } = JSON.parse(text ?? "{}") as { info?: { features?: Record<string, { names?: unknown }> } };
    const names = Object.hasOwn(info?.features ?? {}, column) ? info?.features?.[column]?.names : undefined;
    return Array.isArray(names) && names.every((name) => typeof name === "string") ? names : null;
  } catch {
    return null;
  }
}
