import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn, sortLabels } from "../../io/examples/index.js";
import { sha256 } from "../../io/sha256.js";
import { GREATEST_GRADE } from "../../train/losses/list-losses.js";
import type { TaskFile } from "../../training/data-parts.js";
import type { FileExample, RunContext } from "../../training/task-definition.js";
import { filledTable, numberOf, openTable, removalOf } from "../pairs/open-table.js";
import { numbered, taughtColumns } from "../pairs/read-pairs.js";
import { checkUnmined } from "../pairs/settings.js";
import { checkFieldsDiffer } from "../table-rows.js";
import { listLosses, type RankForm, type RankLoss, rankLosses, type RankSettings } from "./settings.js";

/** Texts of a query with what is known of them: one with its label or class, or for a loss of lists all that the file has. */
export interface RankedRow extends FileExample {
  /** The query. */
  readonly text: string;
  readonly texts: readonly string[];
  /** Labels, grades or scores of the texts; of "cross-entropy" the class's number; of "margin-mse" margins, or scores of all texts. */
  readonly labels: readonly number[];
  /** The loss: as asked, or by the columns and labels of the training file. */
  readonly loss: RankLoss;
  /** Name of the class, of "cross-entropy". */
  readonly name?: string;
}

/** A row before its values are read. */
interface JudgedRow {
  readonly line: number;
  readonly query: string;
  readonly texts: readonly string[];
  readonly values: readonly unknown[];
}

/** The training file, when another file is read. */
type Known = Pick<TaskFile<RankedRow>, "examples" | "labels"> | null;

/**
 * Reads a file of queries and texts with labels, classes, grades, scores, or a teacher's margins: CSV, TSV, JSON Lines, JSON or Parquet.
 * Throws `FormatError` for a damaged file, and `ConfigError`, with the place, for missing columns, empty texts, and values that the loss
 * does not take.
 */
export async function readRanked(
  path: string,
  { fields, allow, loss: asked, mineNegatives }: Pick<RankSettings, "fields" | "allow" | "loss" | "mineNegatives">,
  known: Known,
  { sources, emit, optionNames }: Pick<RunContext, "sources" | "emit" | "optionNames">,
): Promise<TaskFile<RankedRow>> {
  checkFieldsDiffer(fields, optionNames);
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const format = exampleFormat(path);
  const table = await openTable(file, bytes, format, onWarning);
  const columns = rankColumns(file, table.names, fields, mineNegatives !== null);
  const of = new RowReader(file, columns, optionNames);
  const { query, texts, values } = columns;
  if (mineNegatives !== null) {
    const isPlain = columns.form === "positives" && texts.length === 1;
    checkUnmined(file, isPlain, [query, ...texts, ...values], optionNames);
  }
  const wanted = { file, format, texts: [query, ...texts], values, allow };
  const filled = await filledTable(table, wanted, { onWarning, optionNames });
  const rows = filled.flatMap((row) => of.judged(row.line, row.values));
  const loss = asked ?? known?.examples[0]?.loss ?? lossOf(columns, rows);
  checkLossFits(file, columns, loss);
  const classes = loss === "cross-entropy" ? of.classes(rows, known?.labels ?? null) : [];
  const single = rows.map((row): RankedRow => {
    const { line, query: text } = row;
    const own = { line, text, texts: row.texts, loss };
    if (loss !== "cross-entropy") return { ...own, labels: of.numbers(row, loss) };
    const name = of.className(row);
    return { ...own, labels: [classes.indexOf(name)], name };
  });
  return { file, sha256: hash, examples: isLists(loss) ? byQuery(single) : single, labels: classes };
}

/** The loss for rows by their columns and values. */
function lossOf({ form, said }: RankColumns, rows: readonly JudgedRow[]): RankLoss {
  if (form === "margins") return "margin-mse";
  if (form === "lists") return "lambda";
  if (said !== null) return said;
  const numbers = rows.flatMap(({ values }) => values.map(numberOf));
  if (rows.every(({ values: [value] }) => isName(value))) return "cross-entropy";
  return numbers.every((label) => Number.isNaN(label) || isShare(label)) ? "binary-cross-entropy" : "lambda";
}

/** Whether a value is no number but the name of a class; "NaN" and "inf" are neither. */
const isName = (value: unknown) =>
  typeof value === "string" &&
  Number.isNaN(numberOf(value)) &&
  /^(?!\s*(?:[-+]?(?:nan|inf(?:inity)?)\s*)?$)/i.test(value);

const isShare = (label: number) => label >= 0 && label <= 1;

/** Whether an example of a loss is a query with all its texts. */
export const isLists = (loss: RankLoss): boolean => (listLosses as readonly RankLoss[]).includes(loss);

/** Reads the values of a file's rows. */
class RowReader {
  constructor(
    private readonly file: string,
    private readonly columns: RankColumns,
    private readonly optionNames: RunContext["optionNames"],
  ) {}

  /** A row's texts, each with its value: a row for each text, unless a teacher scored them together. */
  judged(line: number, fields: readonly unknown[]): JudgedRow[] {
    const { form, query: queryName, texts: names, values: valueNames } = this.columns;
    const query = this.text(line, queryName, fields[0]);
    const rest = fields.slice(1);
    const values = rest.slice(names.length);
    if (form === "lists") {
      const texts = this.list(line, names[0]!, rest[0]).map((text) => this.text(line, names[0]!, text));
      const labels = this.list(line, valueNames[0]!, values[0]);
      if (labels.length !== texts.length)
        throw this.wrong(line, valueNames[0]!, `a list of ${texts.length}, one for each text,`, values[0]);
      return texts.map((text, i) => ({ line, query, texts: [text], values: [labels[i]] }));
    }
    const texts = names.map((name, i) => this.text(line, name, rest[i]));
    if (form !== "positives") return [{ line, query, texts, values }];
    return texts.map((text, i) => ({ line, query, texts: [text], values: [i === 0 ? 1 : 0] }));
  }

  /** Numbers that the loss takes. */
  numbers({ line, values }: JudgedRow, loss: RankLoss): number[] {
    return values.map((value, i) => {
      const column = this.columns.values[i] ?? "label";
      const number = numberOf(value);
      const hint = loss !== "margin-mse" && isName(value) ? '; names of classes need the loss "cross-entropy"' : "";
      if (!Number.isFinite(Math.fround(number))) throw this.wrong(line, column, "a number", value, hint);
      if (loss === "binary-cross-entropy" && !isShare(number))
        throw this.wrong(line, column, `for the loss "${loss}" 0 to 1`, number);
      if (isLists(loss) && !(number >= 0 && number <= GREATEST_GRADE))
        throw this.wrong(line, column, `for the loss "${loss}" a grade from 0 to ${GREATEST_GRADE}`, number);
      return number;
    });
  }

  /** The classes of a file: its own, or those of the training file, which has each. */
  classes(rows: readonly JudgedRow[], known: readonly string[] | null): readonly string[] {
    if (known === null) return sortLabels(rows.map((row) => this.className(row)));
    const all = new Set(known);
    for (const row of rows)
      if (!all.has(this.className(row)))
        throw this.wrong(row.line, this.columns.values[0]!, `one of ${known.join(", ")}`, row.values[0]);
    return known;
  }

  className({ line, values: [value] }: JudgedRow): string {
    const name = typeof value === "number" || typeof value === "boolean" ? String(value) : value;
    if (typeof name === "string" && name.trim() !== "") return name;
    throw this.wrong(line, this.columns.values[0]!, "the name of a class", value);
  }

  private text(line: number, column: string, value: unknown): string {
    if (typeof value === "string" && value.trim() !== "") return value;
    throw this.wrong(line, column, "a text that is not empty", value);
  }

  private list(line: number, column: string, value: unknown): readonly unknown[] {
    if (Array.isArray(value) && value.length > 0) return value as unknown[];
    throw this.wrong(line, column, "a list that is not empty", value);
  }

  private wrong(line: number, column: string, expected: string, found: unknown, hint = ""): ConfigError {
    const { file, columns, optionNames } = this;
    const isText = column === columns.query || columns.texts.includes(column);
    return new ConfigError(
      `${file}, ${placeIn(file, line)}: ${expected} is expected in column ${JSON.stringify(column)}, got ${excerpt(found)}${hint}${removalOf(found, isText, optionNames)}`,
      { file, line, column, value: found },
    );
  }
}

/** Rows of the same query as one, in the order of the first ones. */
export function byQuery<R extends Pick<RankedRow, "text" | "texts" | "labels">>(rows: readonly R[]): R[] {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const own = groups.get(row.text);
    if (own === undefined) groups.set(row.text, [row]);
    else own.push(row);
  }
  return [...groups.values()].map((own) => ({
    ...own[0]!,
    texts: own.flatMap(({ texts }) => texts),
    labels: own.flatMap(({ labels }) => labels),
  }));
}

/** The columns of a file's rows. */
interface RankColumns {
  readonly form: RankForm;
  readonly query: string;
  /** The texts to score with the query; of "positives" the positive, then the negatives. */
  readonly texts: readonly string[];
  /** Labels, grades or scores; of "positives" nothing. */
  readonly values: readonly string[];
  /** The loss that the names of the columns say; null if the values do. */
  readonly said: RankLoss | null;
}

const QUERIES = ["query", "question", "anchor"];
const TEXTS = ["text", "answer", "document", "passage"];
const LABELS = ["label", "score"];
const LISTS = ["texts", "answers", "documents", "passages"];
const GRADES = ["labels", "scores"];

/** Names of two texts whose pair has a class. */
const PAIRS = [
  ["premise", "hypothesis"],
  ["sentence1", "sentence2"],
  ["text1", "text2"],
  ["question1", "question2"],
] as const;

const FORMS =
  "query and text (or premise and hypothesis, sentence1 and sentence2) with label or score; query, texts and labels, which are lists; " +
  "or query, positive and negative (or negative_1, negative_2 …), perhaps with margin, or positive_score and negative_score";

type Fields = Readonly<Record<string, string>>;

/** The names in a file by their standard names. */
function finder(names: readonly string[], fields: Fields) {
  const has = new Set(names);
  const named = (standard: string) => fields[standard] ?? standard;
  const one = (standards: readonly string[]) => standards.map(named).find((name) => has.has(name));
  return { named, one };
}

/** The columns of two texts; undefined if there are none. */
export function pairColumnsOf(names: readonly string[], fields: Fields): readonly [string, string] | undefined {
  const { named, one } = finder(names, fields);
  const [query, text] = [one(QUERIES), one(TEXTS)];
  if (query !== undefined && text !== undefined) return [query, text];
  return PAIRS.map(([a, b]) => [named(a), named(b)] as const).find((two) => two.every((name) => names.includes(name)));
}

/**
 * Recognises the columns of a file. Throws `ConfigError`, naming those that there are, for others than a reranker reads.
 * @param isMined whether negatives are found later, so that rows have none
 */
function rankColumns(file: string, names: readonly string[], fields: Fields, isMined: boolean): RankColumns {
  const { named, one } = finder(names, fields);
  const [query, positive, negatives] = [one(QUERIES), one(["positive"]), numbered(named("negative"), new Set(names))];
  if (query !== undefined && positive !== undefined && negatives.length > 0) {
    const texts = [positive, ...negatives];
    const values = taughtColumns(file, names, negatives.length, named);
    return { form: values.length === 0 ? "positives" : "margins", query, texts, values, said: null };
  }
  if (query !== undefined && positive !== undefined && isMined)
    return { form: "positives", query, texts: [positive], values: [], said: null };
  const [list, grades] = [one(LISTS), one(GRADES)];
  if (query !== undefined && list !== undefined && grades !== undefined)
    return { form: "lists", query, texts: [list], values: [grades], said: null };
  const [pair, value] = [pairColumnsOf(names, fields), one(LABELS)];
  if (pair !== undefined && value !== undefined) {
    const isScore = value === named("score");
    const isInference = pair[0] === named("premise");
    const said = isScore ? "mse" : isInference ? "cross-entropy" : null;
    return { form: "rows", query: pair[0], texts: [pair[1]], values: [value], said };
  }
  const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
  throw new ConfigError(
    `${file} has the columns ${has || "none"}; expected are ${FORMS}; map other names with fields (command line: --fields query=NAME,text=NAME)`,
    { file, allowed: names },
  );
}

/** Throws `ConfigError` if a loss is not for these columns. */
function checkLossFits(file: string, { form, query, texts, values }: RankColumns, loss: RankLoss): void {
  const allowed: readonly RankLoss[] = rankLosses[form];
  if (allowed.includes(loss)) return;
  throw new ConfigError(
    `${file}: the loss "${loss}" is not for the columns ${[query, ...texts, ...values].join(", ")}: ${allowed.join(", ")} ${allowed.length === 1 ? "is" : "are"}`,
    { file, option: "loss", value: loss, allowed },
  );
}
