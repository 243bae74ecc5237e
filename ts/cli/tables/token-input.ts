import { ConfigError, FormatError } from "../../errors/errors.js";
import { decodeText } from "../../io/examples/index.js";
import { nameOf, type TokenFields } from "../../io/examples/tokens/located-tokens.js";
import { readTokens } from "../../io/examples/tokens/read-tokens.js";
import { readData } from "../../training/node/local-sources.js";
import type { Asked } from "../../training/task-definition.js";
import type { Session } from "../session.js";
import { columnOf, fieldsOf } from "../files/base-model.js";
import { trainedLabels } from "../files/classifier-folder.js";
import { linesOfInput, readInput, readTexts, type TextOptions } from "./text-input.js";

/**
 * Texts or words for a token classifier: arguments, one text per line, or the formats of its training data: CoNLL, JSON Lines with `tokens`
 * or `text`, and tables with one word per row. Tags are ignored.
 */
export async function readTokenInput(
  args: readonly string[],
  options: TextOptions,
  run: string,
  session: Session,
): Promise<readonly Asked[]> {
  const { file: path, text } = options;
  if (args.length === 0 && path === undefined && text === undefined) {
    const given = await readInput(session);
    if (hasTags(given, fieldsOf(run), trainedLabels(run)))
      return askedWords(new TextEncoder().encode(given), "standard input", run, session);
    return linesOfInput(given, session);
  }
  if (args.length === 0 && path !== undefined && text === undefined) {
    const found = await readWords(path, run, session);
    if (found !== null) return found;
  }
  return readTexts(args, options, () => columnOf(run), session);
}

const TABLE = /\.(csv|parquet|pq)$/i;
const JSON_ROWS = /\.(jsonl|ndjson|json)$/i;
/** Extensions of CoNLL files only. */
export const CONLL = /\.(conll\w*|bio|iob2?)$/i;

/** Words of a file; null for a file with one text per line, or whose column of texts must be named. */
async function readWords(path: string, run: string, session: Session): Promise<readonly Asked[] | null> {
  const { name: file, bytes } = await readData(path, session.signal);
  const fields = fieldsOf(run);
  const known = TABLE.test(file) || JSON_ROWS.test(file) || CONLL.test(file);
  if (!known && !hasTags(decodeText(bytes, file), fields, trainedLabels(run))) return null;
  try {
    return await askedWords(bytes, file, run, session);
  } catch (cause) {
    if (!TABLE.test(file) || !(cause instanceof FormatError || cause instanceof ConfigError)) throw cause;
    throw new ConfigError(`${cause.message}; name a column of texts with --text COLUMN`, cause.details, {
      cause,
    });
  }
}

/** Words of a file, read as training data without tags. */
async function askedWords(
  bytes: Uint8Array,
  file: string,
  run: string,
  { terminal }: Session,
): Promise<readonly Asked[]> {
  const onWarning = (message: string) => terminal.error(message);
  const located = await readTokens(bytes, { file, fields: fieldsOf(run), onWarning, tagged: false });
  return located.map(({ example }) => ("words" in example ? example.words : example.text));
}

/** Whether each line that is not blank ends with a label, or has one in the column of tags, unlike lines of text. */
function hasTags(text: string, fields: TokenFields, labels: ReadonlySet<string>): boolean {
  const name = nameOf(fields, "tags");
  const column = /^\d+$/.test(name) ? Number(name) : -1;
  const lines = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== "" && !/^(#|-DOCSTART-)/.test(line));
  return (
    lines.length > 0 &&
    lines.every((line) => {
      const cells = line.trim().split(/\s+/);
      return cells.length > 1 && labels.has(cells.at(column)!);
    })
  );
}
