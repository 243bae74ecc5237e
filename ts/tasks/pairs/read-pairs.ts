import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import { sha256 } from "../../io/sha256.js";
import type { TaskFile } from "../../training/data-parts.js";
import type { FileExample, RunContext } from "../../training/task-definition.js";
import { checkFieldsDiffer } from "../table-rows.js";
import { filledTable, numberOf, openTable, removalOf } from "./open-table.js";
import { checkUnmined, type PairForm, type PairLoss, pairLosses, type PairsSettings } from "./settings.js";

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

/** The columns of a file's rows. */
interface PairColumns {
  readonly form: PairForm;
  /** Columns of texts, in the order of the loss's. */
  readonly texts: readonly string[];
  /** Column of the score, label, class or vector; null for "search" and "margins". */
  readonly value: string | null;
  /** Columns of "margins": a margin for each negative, or a score for the positive and each negative. */
  readonly taught?: readonly string[];
}

/** Names of two texts that belong together, by the names of `fields`: the first is a text, the second belongs to it. */
const ANCHORS = ["anchor", "query", "question"];
const POSITIVES = ["positive", "answer", "document", "passage"];
const PAIRS = [
  ["sentence1", "sentence2"],
  ["text1", "text2"],
  ["question1", "question2"],
  ["a", "b"],
] as const;
const VALUES = ["score", "similarity", "label"];

/**
 * Recognises the columns of a file. Throws `ConfigError`, naming those that it has, for others than a task on pairs reads, and for a loss of
 * another form of rows.
 *
 * @param names the file's columns
 * @param fields names in the data by the standard ones
 */
function pairColumns(
  file: string,
  names: readonly string[],
  fields: Readonly<Record<string, string>>,
  loss: PairLoss | null,
): PairColumns {
  const has = new Set(names);
  const named = (standard: string) => fields[standard] ?? standard;
  const find = (standards: readonly string[]) => standards.map(named).find((name) => has.has(name));
  for (const [standard, name] of Object.entries(fields))
    if (!has.has(name)) throw missing(file, names, `fields name ${excerpt(name)} as ${excerpt(standard)}`);
  const value = find(VALUES);
  const [anchor, positive] = [find(ANCHORS), find(POSITIVES)];
  if (anchor !== undefined && positive !== undefined) {
    const negatives = numbered(named("negative"), has);
    const texts = [anchor, positive, ...negatives];
    const taught = taughtColumns(file, names, negatives.length, named);
    const form = taught.length === 0 ? "search" : "margins";
    return checked(file, { form, texts, value: null, ...(taught.length > 0 && { taught }) }, loss);
  }
  const pair = PAIRS.map((two) => two.map(named)).find((two) => two.every((name) => has.has(name)));
  if (pair !== undefined && value !== undefined) {
    const usual = value === named("label") ? "labels" : "scores";
    const wanted = (["scores", "labels"] as const).find((form) => losses(form).includes(loss));
    return checked(file, { form: wanted ?? usual, texts: pair, value }, loss);
  }
  const [text, label] = [named("text"), named("label")];
  if (has.has(text) && has.has(label)) {
    // Judged texts of a search look like texts with classes.
    if (anchor !== undefined && loss === null)
      throw missing(file, names, `${excerpt(anchor)} would not be used; task "rank" trains on judged texts of a query`);
    return checked(file, { form: "classes", texts: [text], value: label }, loss);
  }
  const vector = find(["vector", "teacher"]);
  if (has.has(text) && vector !== undefined)
    return checked(file, { form: "vectors", texts: [text], value: vector }, loss);
  throw missing(file, names, "these columns are no pairs");
}

const losses = (form: PairForm): readonly (PairLoss | null)[] => pairLosses[form];

/** The columns of a teacher's margins or scores; none if there are none. Throws `ConfigError` if they do not fit the negatives. */
export function taughtColumns(
  file: string,
  names: readonly string[],
  negatives: number,
  named: (standard: string) => string,
): readonly string[] {
  const has = new Set(names);
  const margins = numbered(named("margin"), has);
  if (margins.length === negatives) return margins;
  const scores = [named("positive_score"), ...numbered(named("negative_score"), has)].filter((name) => has.has(name));
  if (scores.length === negatives + 1 || margins.length + scores.length === 0) return scores;
  throw new ConfigError(
    `${file} has ${negatives} columns of negatives and ${margins.length > 0 ? `${margins.length} of margins` : `${scores.length} of scores`}; ` +
      "expected are one margin for each negative, or positive_score and one negative_score for each",
    { file, allowed: names },
  );
}

/** `name`, or `name_1` and so on while there is a next one. */
export function numbered(name: string, has: ReadonlySet<string>): string[] {
  if (has.has(name)) return [name];
  const found: string[] = [];
  for (let i = 1; has.has(`${name}_${i}`); i++) found.push(`${name}_${i}`);
  return found;
}

const FORMS =
  "anchor and positive (perhaps with negative, or negative_1, negative_2 …, and then a teacher's margin), sentence1 and sentence2 with score or label, text and label, or text and vector";

function missing(file: string, names: readonly string[], problem: string): ConfigError {
  const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
  return new ConfigError(
    `${file}: ${problem}: it has ${has || "none"}; expected are the columns ${FORMS}; map other names with fields (command line: --fields anchor=NAME,positive=NAME)`,
    { file, allowed: names },
  );
}

/** Throws `ConfigError` if a loss is not for these rows. */
function checked(file: string, columns: PairColumns, loss: PairLoss | null): PairColumns {
  const { form, texts } = columns;
  const allowed = losses(form);
  const isTriplet = texts.length === 3;
  if (loss === null || (allowed.includes(loss) && (loss !== "triplet" || isTriplet))) return columns;
  const fit = loss === "triplet" && form === "search" ? "anchor, positive and one negative" : undefined;
  throw new ConfigError(
    `${file}: the loss "${loss}" is not for the columns ${texts.join(", ")}${columns.value === null ? "" : `, ${columns.value}`}: ` +
      (fit === undefined ? `${allowed.join(", ")} are` : `it needs ${fit}`),
    { file, option: "loss", value: loss, allowed },
  );
}
