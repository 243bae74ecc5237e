import { ConfigError } from "../../errors/errors.js";
import { excerpt } from "../../errors/excerpt.js";
import {
  type Answered,
  checkExchangeable,
  otherAnswers,
  preferenceFields,
  preferenceReader,
  type ReadPreference,
} from "../../models/language/training/preference-rows.js";
import { inPlace, type TaskFile } from "../../training/data-parts.js";
import type { RunContext } from "../../training/task-definition.js";
import { readRows } from "../language/read-rows.js";
import type { PreferenceSettings } from "./settings.js";

/** An example and its place in the file. */
export interface LocatedPreference {
  readonly example: ReadPreference;
  /** The prompt of a labelled answer with another prompt's answer. */
  readonly other: Answered | null;
  readonly line: number;
  /** Prompt: examples with equal prompts are on one side of every split. */
  readonly text: string;
}

type Reading = Pick<PreferenceSettings, "loss" | "fields">;

const pairs = [
  ["prompt", "chosen", "rejected"],
  ["chosen", "rejected"],
];
const labelled = [["prompt", "completion", "label"], ...pairs];

/**
 * Reads a file of preferences: JSON Lines or JSON with one object for each row, or CSV, TSV or Parquet with one column for each field.
 * Throws as `readLanguageFile`, and `ConfigError`, with the line, for two equal answers.
 */
export async function readPreferences(
  path: string,
  { loss, fields }: Reading,
  context: Pick<RunContext, "sources" | "emit">,
): Promise<TaskFile<LocatedPreference>> {
  const isLabelled = loss === "kto";
  const columns = isLabelled ? labelled : pairs;
  const single = isLabelled ? "" : '; prompt, completion and label are for the loss "kto"';
  const wanted = { task: "preferences", fields, columns, also: `${single}; lists of messages are JSON Lines` };
  const { file, sha256, rows } = await readRows(path, wanted, context);
  checkFields(file, fields);
  const read = preferenceReader(file, isLabelled, fields);
  const label = fields["label"] ?? "label";
  const found = rows.flatMap(({ line, row }) =>
    inPlace(file, line, () => read(isLabelled ? withTruth(row, label) : row, line)).map((example) => ({
      line,
      example,
    })),
  );
  if (isLabelled) checkExchangeable(file, found.length);
  const others = otherAnswers(found.map(({ example }) => example));
  const examples = found.map((one, i) => ({ ...one, other: others[i]!, text: promptOf(one.example) }));
  return { file, sha256, examples, labels: [] };
}

/** Throws `ConfigError` for names of fields that preferences do not have. */
function checkFields(file: string, fields: Reading["fields"]): void {
  const known: readonly string[] = preferenceFields;
  const strange = Object.keys(fields).find((name) => !known.includes(name));
  if (strange === undefined) return;
  throw new ConfigError(`${file}: fields of preferences are ${known.join(", ")}, got ${excerpt(strange)}`, {
    file,
    option: "fields",
    value: strange,
  });
}

/** A table's label: tables have texts, and some data sets 1 and 0. */
const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  ["true", true], ["True", true], ["1", true], [1, true],
  ["false", false], ["False", false], ["0", false], [0, false],
]); // prettier-ignore

function withTruth(row: Readonly<Record<string, unknown>>, label: string): Readonly<Record<string, unknown>> {
  const truth = truths.get(row[label]);
  return truth === undefined ? row : { ...row, [label]: truth };
}

function promptOf(example: ReadPreference): string {
  const { prompt } = example.kind === "pair" ? example.chosen : example.answered;
  if (typeof prompt === "string") return prompt;
  return prompt.map(({ content }) => (typeof content === "string" ? content : JSON.stringify(content))).join("\n");
}
