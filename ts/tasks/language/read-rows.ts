import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import { readJsonRows, type WholeRow } from "../../io/examples/json.js";
import { rowsOf } from "../../io/examples/read.js";
import { type ExampleReader, exampleReader, type ReadExample } from "../../models/language/training/example-formats.js";
import type { RunContext } from "../../training/task-definition.js";
import { inPlace, type TaskFile } from "../../training/data-parts.js";
import { sha256 } from "../../io/sha256.js";
import type { LanguageSettings } from "./settings.js";

/** An example and its place in the file. */
export interface LocatedRow {
  readonly example: ReadExample;
  readonly line: number;
  /** Prompt: examples with equal prompts are on one side of every split. */
  readonly text: string;
}

type Reading = Pick<LanguageSettings, "task" | "fields">;

/** Sets of columns that make an example; the first complete set is used. */
const columns: Readonly<Record<LanguageSettings["task"], readonly (readonly string[])[]>> = {
  text: [["prompt", "completion"], ["instruction", "input", "output"], ["instruction", "output"], ["text"]],
  chat: [
    ["instruction", "input", "output"],
    ["instruction", "output"],
  ],
};

/**
 * Reads a file of examples: JSON Lines or JSON with one object for each example, or CSV, TSV or Parquet with one column for each field.
 * Throws errors of `sources`, `FormatError` for a damaged file, and `ConfigError`, with the place, for an example that does not fit the
 * task.
 */
export async function readLanguageFile(
  path: string,
  reading: Reading,
  context: Pick<RunContext, "sources" | "emit">,
): Promise<TaskFile<LocatedRow>> {
  const { task, fields } = reading;
  const also = task === "chat" ? "; conversations are JSON Lines" : "";
  const { file, sha256, rows } = await readRows(path, { task, fields, columns: columns[task], also }, context);
  const reader = exampleReader(file, fields);
  const examples = rows.map(({ line, row }) => {
    const example = ofTask(file, line, row, reader, reading);
    return { line, example, text: asked(example) };
  });
  return { file, sha256, examples, labels: [] };
}

/** What a task reads from a table. */
interface Columns {
  readonly task: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Sets of columns that make an example; the first complete set is used. */
  readonly columns: readonly (readonly string[])[];
  /** A note for a table without them. */
  readonly also: string;
}

/** The rows of a file, by their fields. Throws as `readLanguageFile`. */
export async function readRows(
  path: string,
  wanted: Columns,
  { sources, emit }: Pick<RunContext, "sources" | "emit">,
): Promise<{ readonly file: string; readonly sha256: string; readonly rows: readonly WholeRow[] }> {
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const format = exampleFormat(path);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const read = (names: readonly string[]) =>
    rowsOf(bytes, names, { text: names[0]!, format, header: true, file, onWarning });
  const isJson = format === "json" || format === "jsonl";
  const rows = isJson ? readJsonRows(bytes, format, file) : await tableRows(file, wanted, read);
  return { file, sha256: hash, rows };
}

/** An example's prompt: examples with equal prompts are on one side. */
function asked(example: ReadExample): string {
  switch (example.kind) {
    case "text":
      return example.text;
    case "completion":
      return example.prompt;
    case "instruction":
      return `${example.instruction}\n${example.input}`;
    case "conversation": {
      const first = example.messages.findIndex(({ role }) => role === "assistant");
      const before = example.messages.slice(0, first < 0 ? undefined : first);
      return textOfTurns(before);
    }
    case "masked":
      return JSON.stringify(example.ids);
  }
}

/** All that a model reads of an example, without what its template adds. */
export function wholeText(example: ReadExample): string {
  switch (example.kind) {
    case "completion":
      return example.prompt + example.completion;
    case "instruction":
      return [example.instruction, example.input, example.output].filter((part) => part !== "").join("\n");
    case "conversation":
      return [...(example.tools ?? []).map((tool) => JSON.stringify(tool)), textOfTurns(example.messages)].join("\n");
    default:
      return asked(example);
  }
}

/** The texts of turns. */
export const textOfTurns = (turns: readonly { readonly content?: unknown }[]): string =>
  turns.map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content))).join("\n");

/** Rows of a table by the first complete set of columns. Throws `ConfigError` if there is none. */
async function tableRows(
  file: string,
  { task, fields, columns: sets, also }: Columns,
  read: (wanted: readonly string[]) => ReturnType<typeof rowsOf>,
): Promise<WholeRow[]> {
  const nameOf = (field: string) => fields[field] ?? field;
  let missing: unknown = null;
  for (const names of sets) {
    const wanted = names.map(nameOf);
    const rows = await read(wanted).catch((error: unknown) => {
      if (!(error instanceof ConfigError) || !("column" in error.details)) throw error;
      missing ??= error;
      return null;
    });
    if (rows === null) continue;
    return rows.map(({ line, fields: values }) => ({
      line,
      row: Object.fromEntries(wanted.map((name, i) => [name, values[i]])),
    }));
  }
  const expected = sets.map((names) => names.map(nameOf).join(" and ")).join(", or ");
  throw new ConfigError(
    `${clip((missing as Error).message)}; expected are the columns ${expected}${also}; map other names with fields (command line: --fields ${sets[0]![0]!}=NAME)`,
    { file, task },
    { cause: missing },
  );
}

/** The rows that a task accepts. */
const wantedRows: Readonly<Record<LanguageSettings["task"], string>> = {
  text: '"text" accepts { text }, { prompt, completion }, { instruction, output } and { ids, mask }; conversations are task "chat"',
  chat: '"chat" accepts { messages }, { conversations } and { instruction, output }; other texts are task "text"',
};

function ofTask(file: string, line: number, row: WholeRow["row"], read: ExampleReader, { task }: Reading): ReadExample {
  const example = inPlace(file, line, () => read(row, line));
  const { kind } = example;
  if (kind === "instruction" || (kind === "conversation") === (task === "chat")) return example;
  throw new ConfigError(`${file}, ${placeIn(file, line)}: task ${wantedRows[task]}`, { file, line, task });
}
