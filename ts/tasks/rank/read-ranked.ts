import { ConfigError } from "../../errors/errors.js";
import { clip, excerpt } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import { GREATEST_GRADE } from "../../train/losses/pairwise-ranking.js";
import type { TaskFile } from "../../training/data/parts.js";
import { sha256 } from "../../training/sources/sha256.js";
import type { FileExample, RunContext } from "../../training/task-definition.js";
import { numberOf, openTable } from "../pairs/open-table.js";
import { rankLosses, type RankLoss, type RankSettings } from "./settings.js";

/** Texts of a query with a label each: one, or for a loss of lists all that the file has. */
export interface RankedRow extends FileExample {
  /** The query. */
  readonly text: string;
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  /** The loss: as asked, or by the labels of the training file. */
  readonly loss: RankLoss;
}

const QUERIES = ["query", "question", "anchor"];
const TEXTS = ["text", "answer", "document", "passage"];
const LABELS = ["label", "score"];

/**
 * Reads a file of queries, texts and labels: CSV, TSV, JSON Lines, JSON or Parquet. Throws `FormatError` for a damaged file, and
 * `ConfigError`, with the place, for missing columns, empty texts, and values that are no label of the loss.
 *
 * @param known the loss of the training file, when another file is read
 */
export async function readRanked(
  path: string,
  { fields, loss: asked }: Pick<RankSettings, "fields" | "loss">,
  known: RankLoss | undefined,
  { sources, emit }: Pick<RunContext, "sources" | "emit">,
): Promise<TaskFile<RankedRow>> {
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const { names, read } = await openTable(file, bytes, exampleFormat(path), onWarning);
  const columns = rankColumns(file, names, fields);
  const rows = (await read(columns)).map(({ line, values: [query, text, label] }) => {
    const wrong = (column: number, expected: string, found: unknown) =>
      new ConfigError(
        `${file}, ${placeIn(file, line)}: ${expected} is expected in column ${JSON.stringify(columns[column])}, got ${excerpt(found)}`,
        { file, line, column: columns[column], value: found },
      );
    const textIn = (value: unknown, column: number) => {
      if (typeof value === "string" && value.trim() !== "") return value;
      throw wrong(column, "a text that is not empty", value);
    };
    const number = numberOf(label);
    if (!Number.isFinite(Math.fround(number))) throw wrong(2, "a number", label);
    return { line, query: textIn(query, 0), text: textIn(text, 1), label: number, wrong };
  });
  const isScore = columns[2] === (fields["score"] ?? "score");
  const isShare = ({ label }: { readonly label: number }) => label >= 0 && label <= 1;
  const loss = asked ?? known ?? (isScore ? "mse" : rows.every(isShare) ? "binary-cross-entropy" : "lambda");
  for (const row of rows) {
    if (loss === "binary-cross-entropy" && !isShare(row))
      throw row.wrong(2, `for the loss "${loss}" 0 to 1`, row.label);
    if (isLists(loss) && !(row.label >= 0 && row.label <= GREATEST_GRADE))
      throw row.wrong(2, `for the loss "${loss}" a grade from 0 to ${GREATEST_GRADE}`, row.label);
  }
  const single = rows.map(({ line, query, text, label }) => ({
    ...{ line, text: query, texts: [text], labels: [label], loss },
  }));
  return { file, sha256: hash, examples: isLists(loss) ? byQuery(single) : single, labels: [] };
}

/** Whether an example of a loss is a query with all its texts. */
export const isLists = (loss: RankLoss): boolean => (rankLosses.lists as readonly RankLoss[]).includes(loss);

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

/** The columns of query, text and label. Throws `ConfigError`, naming the columns that there are. */
function rankColumns(file: string, names: readonly string[], fields: Readonly<Record<string, string>>): string[] {
  const found = [QUERIES, TEXTS, LABELS].map((standards) =>
    standards.map((standard) => fields[standard] ?? standard).find((name) => names.includes(name)),
  );
  if (found.every((name) => name !== undefined)) return found;
  const has = clip(names.map((name) => JSON.stringify(clip(name, 40))).join(", "), 200);
  throw new ConfigError(
    `${file} has the columns ${has || "none"}; expected are query, text and label or score; map other names with fields (command line: --fields query=NAME,text=NAME)`,
    { file, allowed: names },
  );
}
