import { ConfigError, FormatError } from "../../../errors/errors.js";
import { exampleFormat, type ExampleFormat } from "../example.js";
import {
  broken,
  checkWord,
  type LocatedTokens,
  nameOf,
  type TokenFields,
  type TokenReading,
} from "./located-tokens.js";
import { excerpt } from "../../../errors/excerpt.js";
import { normaliseText } from "../row.js";
import { decodeText } from "../text-encoding.js";
import { isJsonObject } from "../../json.js";
import { readJsonRows, type WholeRow } from "../json.js";
import { rowsOf } from "../read.js";

/**
 * Reads labelled words: JSON Lines and JSON (`tokens` and `tags`, or `text` and `spans`), CSV and Parquet (one word per row), and CoNLL's
 * format in files with any other extension. Throws `FormatError` with the place for a damaged or empty file.
 */
export async function readTokens(bytes: Uint8Array, reading: TokenReading): Promise<LocatedTokens[]> {
  const { file } = reading;
  const found = await read(bytes, reading);
  if (found.length > 0) return found;
  throw new FormatError(
    `${file}: words${reading.tagged === false ? "" : " with their tags"} are expected, but the file has none`,
    { file },
  );
}

async function read(
  bytes: Uint8Array,
  { file, fields, onWarning, tagged = true }: TokenReading,
): Promise<LocatedTokens[]> {
  const format = formatOf(file);
  if (format === "json" || format === "jsonl") return readJsonTokens(bytes, format, file, fields, tagged);
  if (format === null) return readConll(bytes, file, fields, tagged);
  return readWordTable(bytes, format, { file, fields, onWarning, tagged });
}

/** Null for CoNLL's format, which has no extension of its own and is often called .tsv. */
const formatOf = (file: string): Exclude<ExampleFormat, "tsv"> | null =>
  /\.(csv|jsonl|ndjson|json|parquet|pq)$/i.test(file) ? (exampleFormat(file) as Exclude<ExampleFormat, "tsv">) : null;

/** Columns of words and of tags, from 0; null for the last one. */
interface Columns {
  readonly word: number;
  readonly tag: number | null;
}

/**
 * Sentences of a file in CoNLL's format: one word per line with its tag, and a blank line after each sentence. The first column has the
 * words, the last one the tags, unless `fields` names others by numbers from 0. Columns are separated by tabs if the first line has one,
 * otherwise by white space. Lines with -DOCSTART- are skipped, and so are comments: lines that begin a sentence with "#" and have another
 * number of columns than words, or a tag that no word has. Throws `FormatError` with the line if a word has another number of columns than
 * most, or no tag; without tags one column is enough.
 */
export function readConll(bytes: Uint8Array, file: string, fields: TokenFields, tagged = true): LocatedTokens[] {
  const lines = normaliseText(decodeText(bytes, file)).split("\n");
  const columns = columnsOf(file, fields);
  const split = splitterOf(lines);
  const rows = lines.map(split);
  const width = widthOf(rows, tagged ? 2 : 1);
  const tagOf = (cells: readonly string[]) => (tagged ? (cells[columns.tag ?? width - 1] ?? "") : null);
  const tags = new Set(rows.filter(([word]) => !word!.startsWith("#")).map(tagOf));
  const isComment = (cells: readonly string[]) =>
    cells[0]!.startsWith("#") && (cells.length !== width || !tags.has(tagOf(cells)));
  const found: LocatedTokens[] = [];
  let open: { words: string[]; labels: (string | null)[]; line: number } | null = null;
  const close = () => {
    if (open !== null) found.push({ line: open.line, example: { words: open.words, labels: open.labels } });
    open = null;
  };
  lines.forEach((source, i) => {
    const line = i + 1;
    const cells = rows[i]!;
    if (source.trim() === "" || cells[0] === "-DOCSTART-") return close();
    if (open === null && isComment(cells)) return;
    if (cells.length !== width)
      throw broken(
        file,
        line,
        `${width} columns are expected, as most lines have, got ${cells.length}: ${excerpt(source, 60)}`,
      );
    const [word, tag] = [cells[columns.word] ?? "", tagOf(cells)];
    checkWord(file, line, word, tag);
    open ??= { words: [], labels: [], line };
    open.words.push(word);
    open.labels.push(tag);
  });
  close();
  return found;
}

/** How lines are split into columns. */
function splitterOf(lines: readonly string[]): (line: string) => string[] {
  const first = lines.find((line) => line.trim() !== "" && !line.startsWith("#") && !line.startsWith("-DOCSTART-"));
  if (first?.includes("\t")) return (line) => line.split("\t").map((cell) => cell.trim());
  return (line) => line.trim().split(/[ \t]+/);
}

/** The number of columns of most lines, at least `least`. */
function widthOf(lines: readonly (readonly string[])[], least: number): number {
  const counts = new Map<number, number>();
  for (const cells of lines) {
    const { length } = cells;
    if (length >= least && cells.some((cell) => cell !== "")) counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most), [least, 0] as [number, number])[0];
}

function columnsOf(file: string, fields: TokenFields): Columns {
  const number = (field: "tokens" | "tags"): number | null => {
    const name = nameOf(fields, field);
    if (name === field) return null;
    if (/^\d{1,3}$/.test(name)) return Number(name);
    throw new ConfigError(
      `${file}: columns of a CoNLL file have no names: ${field} is a number from 0, got ${excerpt(name)}`,
      { file, option: "fields", value: name },
    );
  };
  return { word: number("tokens") ?? 0, tag: number("tags") };
}

/**
 * Examples of JSON Lines or JSON: `{ tokens, tags }`, or `{ text, spans }` of spans `{ start, end, label }` or `[start, end, label]`,
 * counted in UTF-16 units. Throws `FormatError` with the place for other rows.
 */
export function readJsonTokens(
  bytes: Uint8Array,
  format: "json" | "jsonl",
  file: string,
  fields: TokenFields,
  tagged: boolean,
): LocatedTokens[] {
  return readJsonRows(bytes, format, file).map(({ line, row }) => ({
    line,
    example: exampleOf(row, line, file, fields, tagged),
  }));
}

function exampleOf(
  row: WholeRow["row"],
  line: number,
  file: string,
  fields: TokenFields,
  tagged: boolean,
): LocatedTokens["example"] {
  const at = (field: Parameters<typeof nameOf>[1]) => row[nameOf(fields, field)];
  const [tokens, tags, text, spans] = [at("tokens"), at("tags"), at("text"), at("spans")];
  if (!tagged && Array.isArray(tokens)) return { words: tokens as string[], labels: tokens.map(() => null) };
  if (!tagged && typeof text === "string") return { text, entities: [] };
  if (Array.isArray(tokens) && Array.isArray(tags)) {
    const numbers = tags.findIndex((tag) => tag !== null && typeof tag !== "string");
    if (numbers >= 0)
      throw broken(
        file,
        line,
        `tags are names such as "B-PER", or null, got ${excerpt(tags[numbers])}; replace numbers by the names of the tags`,
      );
    return { words: tokens as string[], labels: tags as (string | null)[] };
  }
  if (typeof text === "string" && Array.isArray(spans)) return { text, entities: spans.map(spanOf) as never };
  const name = (field: Parameters<typeof nameOf>[1]) => nameOf(fields, field);
  if (!tagged)
    throw broken(
      file,
      line,
      `${name("tokens")}, a list of words, or ${name("text")}, a text, is expected, got the fields ${excerpt(Object.keys(row))}`,
    );
  throw broken(
    file,
    line,
    `{ ${name("tokens")}, ${name("tags")} } of two lists, or { ${name("text")}, ${name("spans")} } of a text and its spans, is expected, got the fields ${excerpt(Object.keys(row))}`,
  );
}

/** A span as an object. The caller rejects invalid ones, with their place. */
function spanOf(span: unknown): unknown {
  if (Array.isArray(span) && span.length === 3) return { start: span[0], end: span[1], label: span[2] };
  return isJsonObject(span) ? { start: span["start"], end: span["end"], label: span["label"] } : span;
}

/**
 * Sentences of a table with one word per row: columns `sentence`, `tokens` and `tags`. A sentence begins where its column changes; an empty
 * value continues the sentence. Throws as `rowsOf`, and `FormatError` for a row without word or tag.
 */
export async function readWordTable(
  bytes: Uint8Array,
  format: ExampleFormat,
  { file, fields, onWarning, tagged }: Required<TokenReading>,
): Promise<LocatedTokens[]> {
  const names = ["sentence", "tokens", ...(tagged ? (["tags"] as const) : [])] as const;
  const wanted = names.map((field) => nameOf(fields, field));
  const rows = await rowsOf(bytes, wanted, { text: wanted[1]!, format, header: true, file, onWarning }).catch(
    (error: unknown) => {
      if (!(error instanceof ConfigError) || error.details["column"] === undefined) throw error;
      // Other options name these columns than those of labelled texts.
      throw new ConfigError(error.message, { ...error.details, fields: names.slice(1) }, { cause: error });
    },
  );
  const found: { words: string[]; labels: (string | null)[]; line: number }[] = [];
  let current: string | null = null;
  for (const { line, fields: cells } of rows) {
    const [sentence, word, tag = null] = cells as [string, string, string | undefined];
    checkWord(file, line, word, tag);
    if (current === null || (sentence.trim() !== "" && sentence !== current)) {
      found.push({ words: [], labels: [], line });
      current = sentence;
    }
    const { words, labels } = found.at(-1)!;
    words.push(word);
    labels.push(tag?.trim() ?? null);
  }
  return found.map(({ words, labels, line }) => ({ line, example: { words, labels } }));
}
