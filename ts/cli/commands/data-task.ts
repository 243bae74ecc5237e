import { ConfigError } from "../../errors/errors.js";
import {
  type DataFinding,
  type DataSummary,
  type PartSummary,
  summariseExamples,
} from "../../io/examples/summary/index.js";
import { spreadOf } from "../../io/examples/summary/spread.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import type * as events from "../../training/job-events.js";
import { localSources } from "../../training/node/local-sources.js";
import { DEFAULT_MODEL } from "../../training/spec/shared-fields.js";
import { takeSpec } from "../../training/spec/task-spec.js";
import { wholeData } from "../../training/data/parts.js";
import type { FileExample, TaskDefinition, TaskEntry } from "../../training/task-definition.js";
import { exitCodes } from "../exit-codes.js";
import { countingTokenizer } from "../files/counting-tokenizer.js";
import { flagOf, flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { lengthLines, longFindings } from "../terminal/data-lines.js";
import { formatExamples, formatNumber } from "../terminal/number-format.js";
import { ProgressReporter } from "../terminal/progress-bar.js";
import type { DataOptions } from "../options/data-options.js";

/** Options that give a setting of the task. */
const SETTINGS = ["text", "label", "labelNames", "group", "dropDuplicates", "allow", "fields"] as const;

/** What a task's data are like, before anything is trained with them. Throws where a training would refuse them. */
export async function dataOfTask(task: TaskName, file: string, options: DataOptions, session: Session): Promise<void> {
  const { terminal } = session;
  const entry: TaskEntry = tasks[task];
  const given = SETTINGS.filter((name) => options[name] !== undefined);
  const strange = given.find((name) => !Object.hasOwn(entry.fields, name));
  if (strange !== undefined)
    throw new ConfigError(`${flagOf(strange)} is not an option of --task ${task}`, { option: flagOf(strange) });
  const columns = Object.fromEntries(given.map((name) => [name, options[name]]));
  const settings = takeSpec("data", { task, data: file, ...columns }, tasks);
  const emit = (event: events.JobEvent) => {
    if (event.type === "warning") terminal.error(event.message);
  };
  const definition = await entry.load();
  const context = { sources: localSources, optionNames: flagNames, signal: session.signal, emit };
  const reader = definition.reader(settings, context);
  const data = await wholeData(reader, settings);
  const { train } = data;
  const test = options.test === undefined ? null : await reader.read(options.test, train, false);
  await definition.survey?.(data, settings, context);
  const { summary, inCharacters } = await summaryOf(
    train.examples,
    test?.examples ?? null,
    options,
    session,
    definition,
  );
  const about = {
    train: numbersOf(definition.about?.(train) ?? {}),
    test: test === null ? null : numbersOf(definition.about?.(test) ?? {}),
  };
  if (options.json) return terminal.print(JSON.stringify({ task, ...summary, about }));
  const numbers = (values: object) =>
    Object.entries(values).map(([name, value]) => `${name} ${formatNumber(value as number)}`);
  const line = (examples: readonly unknown[], use: string, values: object) =>
    `${formatExamples(examples.length)} for ${use}${[":", ...numbers(values)].join(" ").replace(/^:$/, "")}`;
  const files = { train: file, ...(options.test !== undefined && { test: options.test }) };
  for (const each of [
    line(train.examples, "training", about.train),
    ...(test === null ? [] : [line(test.examples, "testing", about.test!)]),
    "",
    ...summaryEnd(summary, files, session),
    ...(inCharacters ? [inCharactersNote] : []),
  ])
    terminal.print(each);
}

/** Numbers by name: of a list its spread. */
function numbersOf(about: Readonly<Record<string, number | readonly number[]>>): Readonly<Record<string, number>> {
  const all = Object.entries(about).flatMap(([name, value]): (readonly [string, number])[] => {
    if (typeof value === "number") return [[name, value]];
    const { min, median, mean, max } = spreadOf(value);
    return Object.entries({ smallest: min, median, mean, largest: max });
  });
  return Object.fromEntries(all);
}

/** What of a task's definition its summary uses. */
type Summarised = Pick<TaskDefinition<never, never, never>, "repeatsTexts" | "texts">;

/** Lengths of texts, and what is odd in them; the exit code says whether a training would end. Labels are not looked at. */
export async function summaryOf(
  train: readonly FileExample[],
  test: readonly FileExample[] | null,
  options: DataOptions,
  session: Session,
  { repeatsTexts = false, texts }: Summarised = {},
): Promise<{ readonly summary: DataSummary; readonly inCharacters: boolean }> {
  const { terminal, signal } = session;
  const tokenizer = await countingTokenizer(options, session);
  const textsOf = texts as ((example: FileExample) => readonly string[]) | undefined;
  const rows = partsOf(train, test, ({ text }) => [text]);
  const whole = textsOf === undefined ? null : partsOf(train, test, textsOf);
  const counted = { signal, ...(tokenizer !== null && { tokenizer }) };
  const bar = new ProgressReporter(terminal, (line) => terminal.error(line), options.json).start("read texts", {
    total: rows.count + (whole?.count ?? 0),
    lines: true,
  });
  const update = (before: number, passes: number) => (done: number) => bar.update(before + Math.floor(done / passes));
  // Each text is looked at once for itself and once by the tokenizer.
  const passes = tokenizer === null ? 1 : 2;
  async function look(): Promise<DataSummary> {
    if (whole === null)
      return summariseExamples(rows.train, { ...rows.test, ...counted, onProgress: update(0, passes) });
    const found = await summariseExamples(rows.train, { ...rows.test, signal, onProgress: update(0, 1) });
    const lengths = { ...whole.test, ...counted, onProgress: update(rows.count, passes) };
    return withLengths(found, await summariseExamples(whole.train, lengths));
  }
  const { findings, ...rest } = await look().finally(() => bar.stop());
  // There are no labels of whole texts here.
  const isMeant = ({ code }: DataFinding) =>
    code === "one-label" || code === "few-examples" || (repeatsTexts && code === "duplicates");
  const summary = { ...rest, findings: findings.filter((finding) => !isMeant(finding)) };
  if (summary.findings.some(({ severity }) => severity === "stop")) session.exitCode = exitCodes.error;
  return { summary, inCharacters: tokenizer === null };
}

/** The texts of examples as `summariseExamples` takes them. */
function partsOf(
  train: readonly FileExample[],
  test: readonly FileExample[] | null,
  textsOf: (example: FileExample) => readonly string[],
) {
  const each = (examples: readonly FileExample[]) =>
    examples.flatMap((example) => textsOf(example).map((text) => ({ text, line: example.line, label: "" })));
  const [own, others] = [each(train), test && each(test)];
  return { train: own, test: { ...(others && { test: others }) }, count: own.length + (others?.length ?? 0) };
}

const LENGTHS: readonly DataFinding["code"][] = ["cut-texts", "unknown-tokens", "unknown-language"];

/** A summary with the lengths of other texts, and what is odd in these. */
function withLengths(summary: DataSummary, { train, test, findings }: DataSummary): DataSummary {
  const measured = (part: PartSummary, { characters, tokens }: PartSummary) => ({ ...part, characters, tokens });
  return {
    ...summary,
    train: measured(summary.train, train),
    test: test && summary.test && measured(summary.test, test),
    findings: [...summary.findings, ...findings.filter(({ code }) => LENGTHS.includes(code))],
  };
}

/** Lengths and findings. */
export function summaryEnd(
  summary: DataSummary,
  files: { readonly train: string; readonly test?: string },
  { terminal: { colors, width } }: Session,
): string[] {
  const { findings } = summary;
  return [
    ...lengthLines(summary, colors),
    "",
    ...(findings.length === 0
      ? [colors.green("no problems found")]
      : longFindings(summary, files, colors, width, false)),
  ];
}

export const inCharactersNote = `lengths are in characters: with --model ${DEFAULT_MODEL} they are counted in its tokens`;
