import { ConfigError } from "../../errors/errors.js";
import { clip } from "../../errors/excerpt.js";
import { exampleFormat, placeIn } from "../../io/examples/index.js";
import { readJsonRows, type WholeRow } from "../../io/examples/json/json-rows.js";
import { rowsOf } from "../../io/examples/read.js";
import { type ExampleReader, exampleReader, type ReadExample } from "../../models/language/training/example-formats.js";
import type { RunContext } from "../../training/task-definition.js";
import { inPlace } from "../../training/data/in-place.js";
import type { TaskFile } from "../../training/data/parts.js";
import { sha256 } from "../../training/sources/sha256.js";
import type { LanguageSettings } from "./settings.js";

/** An example, and where it stands. */
export interface LocatedRow {
  readonly example: ReadExample;
  readonly line: number;
  /** What is asked in it: examples that are asked the same stay on one side of every split. */
  readonly text: string;
}

type Reading = Pick<LanguageSettings, "task" | "fields">;

/** Columns that make an example of a table's row, the first that are all there. */
const columns: Readonly<Record<LanguageSettings["task"], readonly (readonly string[])[]>> = {
  text: [["prompt", "completion"], ["instruction", "input", "output"], ["instruction", "output"], ["text"]],
  chat: [
    ["instruction", "input", "output"],
    ["instruction", "output"],
  ],
};

/**
 * Reads a file of examples: JSON Lines or JSON with an example an object, or CSV, TSV or Parquet with a column a field. Throws errors
 * of `sources`, `FormatError` for a broken file, and `ConfigError`, naming the place, for an example that is none of the task.
 */
export async function readLanguageFile(
  path: string,
  reading: Reading,
  { sources, emit }: Pick<RunContext, "sources" | "emit">,
): Promise<TaskFile<LocatedRow>> {
  const { name: file, bytes } = await sources.readData(path);
  const hash = await sha256(bytes);
  const format = exampleFormat(path);
  const onWarning = (message: string) => emit({ type: "warning", message });
  const read = (wanted: readonly string[]) =>
    rowsOf(bytes, wanted, { text: wanted[0]!, format, header: true, file, onWarning });
  const isJson = format === "json" || format === "jsonl";
  const rows = isJson ? readJsonRows(bytes, format, file) : await tableRows(file, reading, read);
  const reader = exampleReader(file, reading.fields);
  const examples = rows.map(({ line, row }) => {
    const example = ofTask(file, line, row, reader, reading);
    return { line, example, text: asked(example) };
  });
  return { file, sha256: hash, examples, labels: [] };
}

/** What an example is asked: those that are asked the same stay on one side. */
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
      return before.map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content))).join("\n");
    }
    case "masked":
      return JSON.stringify(example.ids);
  }
}

/** Rows of a table by the first columns that are all there. Throws `ConfigError` where none are. */
async function tableRows(
  file: string,
  { task, fields }: Reading,
  read: (wanted: readonly string[]) => ReturnType<typeof rowsOf>,
): Promise<WholeRow[]> {
  const nameOf = (field: string) => fields[field] ?? field;
  let missing: unknown = null;
  for (const names of columns[task]) {
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
  const sets = columns[task].map((names) => names.map(nameOf).join(" and ")).join(", or ");
  const also = task === "chat" ? "; conversations are JSON Lines" : "";
  throw new ConfigError(
    `${clip((missing as Error).message)}; wanted are columns ${sets}${also}; fields maps other names, on the command line --fields ${columns[task][0]![0]!}=NAME`,
    { file, task },
    { cause: missing },
  );
}

/** What is expected of a task's rows. */
const wantedRows: Readonly<Record<LanguageSettings["task"], string>> = {
  text: '"text" learns { text }, { prompt, completion }, { instruction, output } and { ids, mask }; conversations are task "chat"',
  chat: '"chat" learns { messages }, { conversations } and { instruction, output }; other texts are task "text"',
};

function ofTask(file: string, line: number, row: WholeRow["row"], read: ExampleReader, { task }: Reading): ReadExample {
  const example = inPlace(file, line, () => read(row, line));
  const { kind } = example;
  if (kind === "instruction" || (kind === "conversation") === (task === "chat")) return example;
  throw new ConfigError(`${file}, ${placeIn(file, line)}: task ${wantedRows[task]}`, { file, line, task });
}
