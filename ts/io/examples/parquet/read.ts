import type { ColumnDecoder, FileMetaData, ParquetParsers, RowGroup, SchemaElement } from "hyparquet/src/types.js";
import { ConfigError, FormatError, LowrankError } from "../../../errors/errors.js";
import { clip, excerpt } from "../../../errors/excerpt.js";
import { type Column, isNumber, type Row } from "../row.js";
import { OtherHalf } from "../table/other-half.js";
import { LONGEST_TEXT } from "../text-encoding.js";
import { codecs, type PageReader, readPages, Room } from "./pages.js";
import { checkStruct, known, PageProblem, reasonOf } from "./thrift.js";
import { lazyChunk } from "../../../waiting/lazy-chunk.js";

type Failure = (problem: string, cause?: unknown) => FormatError;

/** The most characters per byte of a file that its codecs can produce. */
const CHARACTERS_PER_BYTE = 1032;

/** The library, for the first Parquet file. */
const hyparquet = /* @__PURE__ */ lazyChunk(async () => {
  const [metadata, columns, convert] = await Promise.all([
    import("hyparquet/src/metadata.js"),
    import("hyparquet/src/column.js"),
    import("hyparquet/src/convert.js"),
  ]);
  return { ...metadata, ...columns, ...convert };
});

function findColumn(columns: readonly ParquetColumn[], wanted: Column, file: string): ParquetColumn {
  const column =
    columns.find(({ name }) => name === wanted) ?? (isNumber(wanted) ? columns[Number(wanted)] : undefined);
  if (column === undefined) {
    const allowed = columns.map(({ name }) => name);
    const has = clip(allowed.map((name) => JSON.stringify(clip(name, 40))).join(", "));
    throw new ConfigError(`${file} has no column ${JSON.stringify(wanted)}: it has ${has || "none"}`, {
      file,
      column: wanted,
      allowed,
    });
  }
  const kind = unreadableKind(column);
  if (kind === null) return column;
  throw new FormatError(
    `${file}: column ${JSON.stringify(clip(column.name, 40))} holds ${kind}; text, numbers and true or false can be read`,
    { file, column: column.name },
  );
}

function valueText(value: unknown, column: string, fail: Failure): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  throw fail(`expected ${JSON.stringify(column)} to be text or a number, got ${excerpt(value)}`);
}

/** Values of a column in a group of rows. */
function readChunk(
  bytes: Uint8Array,
  { columns, num_rows: count }: RowGroup,
  { name, element }: ParquetColumn,
  root: FileMetaData["schema"][number],
  library: PageReader,
  parsers: ParquetParsers,
  room: Room,
): unknown[] {
  const chunk = columns.find(
    ({ meta_data: meta }) => meta?.path_in_schema.length === 1 && meta.path_in_schema[0] === name,
  );
  if (chunk?.meta_data === undefined || chunk.crypto_metadata !== undefined)
    throw new PageProblem(`no column ${excerpt(name, 40)} that is not encrypted`);
  if (chunk.file_path) throw new PageProblem("columns in other files");
  const {
    codec,
    type,
    total_compressed_size: size,
    data_page_offset: first,
    dictionary_page_offset: before,
  } = chunk.meta_data;
  if (!Object.hasOwn(codecs, codec))
    throw new PageProblem(
      `the compression ${known(codec)}; ${Object.keys(codecs).join(", ")} can be read: write it again with snappy, pandas' default`,
    );
  if (type !== element.type) throw new PageProblem("columns of another type than the schema's");
  const start = Number(before && before < first ? before : first);
  const end = start + Number(size);
  if (!(start >= 0 && end >= start && end <= bytes.length)) throw new PageProblem("columns beyond its end");
  const schemaPath = [
    { element: root, children: [], path: [], count: 1 },
    { element, children: [], path: [name], count: 1 },
  ];
  const decoder: ColumnDecoder = { pathInSchema: [name], type, element, schemaPath, codec, parsers };
  return readPages(
    {
      bytes: bytes.subarray(start, end),
      decoder,
      rows: Number(count),
      optional: element.repetition_type !== "REQUIRED",
      room,
    },
    library,
  );
}

/**
 * The requested columns of a Parquet file: flat columns of text, numbers or booleans, uncompressed, snappy or gzip. `line` of a row is its
 * number from 1; missing values are empty. Class numbers with names from Hugging Face's datasets become those names.
 * @throws `ConfigError` for a missing column; `FormatError` for damaged data and unsupported types
 */
export async function parseParquet(
  bytes: Uint8Array,
  wanted: readonly Column[],
  file: string,
  onHalf?: (column: string | null) => void,
): Promise<Row[]> {
  const fail: Failure = (problem, cause) => new FormatError(`${file}: ${problem}`, { file }, { cause });
  const taken = bytes.slice();
  const library = await hyparquet();
  try {
    const half = onHalf === undefined ? null : new OtherHalf(wanted[0]!);
    const rows = rowsOf(taken, wanted, file, fail, library, half);
    if (half !== null) onHalf!(half.found);
    return rows;
  } catch (error) {
    if (error instanceof LowrankError) throw error;
    if (error instanceof PageProblem) throw fail(`this Parquet file has ${error.message}`, error);
    throw fail(`this Parquet file is damaged${reasonOf(error)}`, error);
  }
}

function rowsOf(
  bytes: Uint8Array,
  wanted: readonly Column[],
  file: string,
  fail: Failure,
  library: Awaited<ReturnType<typeof hyparquet>>,
  half: OtherHalf | null,
): Row[] {
  const end = String.fromCharCode(...bytes.subarray(-4));
  if (end === "PARE") throw fail("this Parquet file is encrypted");
  if (end !== "PAR1")
    throw fail("expected a Parquet file, which ends with PAR1; it is truncated, or another kind of file");
  checkFooter(bytes);
  const metadata = library.parquetMetadata(bytes, { geoparquet: false });
  const { row_groups: groups, schema } = metadata;
  const columns = topColumns(metadata);
  const picked = wanted.map((column) => findColumn(columns, column, file));
  const count = groups.reduce((sum, { num_rows: rows }) => sum + Number(rows), 0);
  if (groups.some(({ num_rows: rows }) => rows < 0) || count > bytes.length)
    throw fail(`this Parquet file claims ${count} rows in ${bytes.length} bytes`);
  if (count === 0) throw fail("expected rows of examples, but the file is empty");
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const decode = (value: Uint8Array) => {
    try {
      return decoder.decode(value);
    } catch {
      throw new PageProblem("values that are no text in UTF-8");
    }
  };
  const parsers: ParquetParsers = { ...library.DEFAULT_PARSERS, stringFromBytes: decode, jsonFromBytes: decode };
  const names = picked.map(({ name }) => classNames(metadata, name));
  const most = Math.min(LONGEST_TEXT, bytes.length * CHARACTERS_PER_BYTE);
  const name = half?.among(columns.map((column) => column.name)) ?? null;
  const other = columns.find((column) => column.name === name && unreadableKind(column) === null);
  if (other !== undefined)
    show(half!, () => readChunk(bytes, groups[0]!, other, schema[0]!, library, parsers, new Room(bytes.length)));
  const rows: Row[] = [];
  const room = new Room(bytes.length);
  let characters = 0;
  for (const group of groups) {
    const values = picked.map((column) => readChunk(bytes, group, column, schema[0]!, library, parsers, room));
    for (let i = 0; i < Number(group.num_rows); i++) {
      const fields = values.map((column, j) => {
        const value = valueText(column[i], picked[j]!.name, fail);
        // A missing class has no number.
        return (value === "" ? undefined : names[j]?.[Number(value)]) ?? value;
      });
      characters += fields.reduce((sum, { length }) => sum + length, 0);
      if (characters > most) throw fail(`this Parquet file has more than ${most} characters: split it`);
      rows.push({ line: rows.length + 1, fields });
    }
  }
  return rows;
}

/** Checks the structure at the file's end, whose size is in the eight bytes after it. */
function checkFooter(bytes: Uint8Array): void {
  const end = bytes.length - 8;
  const size = end < 4 ? Infinity : new DataView(bytes.buffer, bytes.byteOffset).getUint32(end, true);
  if (size > end) throw new PageProblem("a description that is larger than the file");
  checkStruct(bytes.subarray(0, end), end - size);
}

/** Reads a column that was not requested; problems with it are ignored. */
function show(half: OtherHalf, read: () => unknown[]): void {
  try {
    read().forEach((value) => half.see(value));
  } catch {
    // The columns that were asked for are read all the same.
  }
}

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
