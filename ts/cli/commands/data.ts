import { type Command, Option } from "commander";
import { ConfigError, ModelError } from "../../errors/errors.js";
import type { DataFinding, DataSummary, PartSummary } from "../../io/examples/summary/data-summary.js";
import { summariseExamples, type SummaryOptions } from "../../io/examples/summary/summarise.js";
import type { SurveyExample } from "../../io/examples/summary/survey.js";
import type { TokenCounter } from "../../io/examples/summary/script-tokens.js";
import { countGroups } from "../../tasks/classify/held-out.js";
import { textFields } from "../../tasks/classify/settings.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { UNNAMED_TASK } from "../../training/spec/run-settings.js";
import { type TaskFile, wholeData } from "../../training/data-parts.js";
import type { JobEvent } from "../../training/job-events.js";
import { localSources } from "../../training/node/local-sources.js";
import { defaultsOf } from "../../training/spec/field.js";
import { takeSpec } from "../../training/spec/read-settings.js";
import type { FileExample, FileLabelCounts, TaskDefinition, TaskEntry } from "../../training/task-definition.js";
import { exitCodes, type Session } from "../session.js";
import { flagNames, flagOf } from "../options/setting-flags.js";
import { fieldNames, labelNames, whole, words } from "../options/option-values.js";
import { countsLine, type FoundGroups, spreadsOf, summaryLines } from "../terminal/data-lines.js";
import { ProgressReporter } from "../terminal/progress-bar.js";
import type { TokenFields } from "../../io/examples/tokens/located-tokens.js";
import { withOptionName } from "../../training/spec/option-names.js";
import { type LocalModel, resolveModel } from "../../io/node/index.js";
import { loadTokenizer } from "../../models/sentence/load-tokenizer.js";
import { findModel } from "../files/base-model.js";
import { CONLL } from "../tables/token-input.js";

const EXAMPLES = `
Examples:
  lowrank data reviews.csv --text body --label stars
  lowrank data train.conll --test test.conll
  lowrank data train.parquet --test test.parquet --json
`;

const defaults = defaultsOf(textFields);

/** `lowrank data`: summarises the data of a task before training. */
export function defineData(program: Command, session: Session): void {
  program
    .command("data")
    .description("check labelled texts before training: counts, lengths, duplicates, problems")
    .argument("<file>", "examples: CSV, TSV, JSONL, JSON or Parquet; for labelled words also CoNLL")
    .addOption(
      new Option(
        "--task <name>",
        "read the data as `finetune --task` does, such as labelled words (tokens; the default for .conll files)",
      ).choices(Object.keys(tasks)),
    )
    .option("--fields <pairs>", 'names of their fields, such as "tokens=words,tags=ner"', fieldNames)
    .option("--test <file>", "test examples, which are compared with the training examples")
    .option("--text <column>", `column of the texts: a name, or a number from 0 (default: ${defaults.text})`)
    .option("--label <column>", `column of the labels (default: ${defaults.label})`)
    .option("--label-names <pairs>", 'renames labels of the data, such as "0=bad,Good=good"', labelNames)
    .option("--group <column>", "column of groups, such as a customer: reports groups that are in both files")
    .option(
      "--drop-duplicates",
      "remove duplicates (same text and label), and training texts that also appear in --test",
    )
    .option("--model <name>", `model whose tokens are counted (default: that of the task, if it is in the cache)`)
    .option("--max-tokens <n>", "truncate texts to this many tokens (default: the model's maximum)", whole(2))
    .option(
      "--allow <codes>",
      "empty-texts, empty-labels: remove examples without one",
      words(["empty-texts", "empty-labels"]),
    )
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((file: string, options: DataOptions) => data(file, options, session));
}

/** Options that give a setting of the task. */
const SETTINGS = ["text", "label", "labelNames", "group", "dropDuplicates", "allow", "fields"] as const;

type Definition = Awaited<ReturnType<TaskEntry["load"]>>;
type Examples = readonly FileExample[];

/** What a task's data are like, before anything is trained with them. Throws where a training would refuse them. */
async function data(path: string, options: DataOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const task = options.task ?? (options.fields !== undefined || CONLL.test(path) ? "tokens" : UNNAMED_TASK);
  const entry: TaskEntry = tasks[task];
  const settings = takeSpec("data", { task, data: path, ...columnsOf(task, options) }, tasks);
  const emit = (event: JobEvent) => {
    if (event.type === "warning") terminal.error(event.message);
  };
  const definition = await entry.load();
  // Of labels that a training would refuse, a finding says more than an error.
  const isSurveyed = definition.labelOf !== undefined;
  const context = { sources: localSources, optionNames: flagNames, signal, emit, isPart: isSurveyed };
  const reader = definition.reader(settings, context);
  const parts = await wholeData(reader, settings, false);
  const test = options.test === undefined ? null : await reader.read(options.test, parts.train, false);
  const train = (test !== null && reader.without?.(parts.train, test, "train on")) || parts.train;
  if (!isSurveyed) await definition.survey?.(parts, settings, context);
  const labelled = definition.labelCounts?.(train) ?? null;
  const usualModel = settings.model;
  const { summary: found, inCharacters } = await summaryOf(
    train,
    test?.examples ?? null,
    definition,
    { ...options, usualModel },
    session,
  );
  const labels = isSurveyed ? found.labels : labelRows(train.labels, labelled, test && definition.labelCounts?.(test));
  const summary = { ...found, labels };
  if (summary.findings.some(({ severity }) => severity === "stop")) session.exitCode = exitCodes.error;
  const groups = groupsOf(options.group, train.examples, test?.examples ?? null);
  const about = { train: definition.about?.(train) ?? {}, test: test && (definition.about?.(test) ?? {}) };
  if (options.json) {
    const files = {
      file: train.file,
      sha256: train.sha256,
      ...(test && { testFile: test.file, testSha256: test.sha256 }),
    };
    const spreads = { train: spreadsOf(about.train), test: about.test && spreadsOf(about.test) };
    return terminal.print(JSON.stringify({ task, ...files, ...summary, about: spreads, groups }));
  }
  const { colors, width } = terminal;
  const files = { train: path, ...(options.test !== undefined && { test: options.test }) };
  const drops = Object.hasOwn(entry.fields, "dropDuplicates");
  for (const line of [
    countsLine(train.examples.length, "training", about.train),
    ...(test === null ? [] : [countsLine(test.examples.length, "testing", about.test!)]),
    ...summaryLines(
      summary,
      { groups, labelled: labelled ?? { of: "texts", total: train.examples.length }, files, drops },
      colors,
      width,
    ),
    ...(inCharacters ? [`lengths are in characters: with --model ${usualModel} they are counted in its tokens`] : []),
  ])
    terminal.print(line);
}

/** The columns that options name. Throws `ConfigError` for options that the task does not have. */
function columnsOf(task: TaskName, options: DataOptions): object {
  const { fields, fieldsExample }: TaskEntry = tasks[task];
  const given = SETTINGS.filter((name) => options[name] !== undefined);
  const strange = given.find((name) => !Object.hasOwn(fields, name));
  if (strange === undefined) return Object.fromEntries(given.map((name) => [name, options[name]]));
  const hint = fieldsExample === undefined ? "" : `; --fields names its columns, such as ${fieldsExample}`;
  throw new ConfigError(`${flagOf(strange)} is not an option of --task ${task}${hint}`, { option: flagOf(strange) });
}

/** Lengths of texts and what is odd in them; for texts of one label also how often each occurs. */
async function summaryOf(
  train: TaskFile<FileExample>,
  test: Examples | null,
  definition: Definition,
  options: DataOptions & { readonly usualModel: string },
  session: Session,
): Promise<{ readonly summary: DataSummary; readonly inCharacters: boolean }> {
  const { terminal, signal } = session;
  const { labelOf, repeatsTexts = false, texts } = definition as TaskDefinition<never, FileExample, never>;
  const tokenizer = await countingTokenizer(options, session);
  const of = (examples: Examples, textsOf: (example: FileExample) => readonly string[]): readonly SurveyExample[] =>
    labelOf !== undefined
      ? examples.map((example) => ({ ...example, label: labelOf(example) }))
      : examples.flatMap((example) => textsOf(example).map((text) => ({ text, line: example.line, label: "" })));
  const partsOf = (textsOf: (example: FileExample) => readonly string[]) => {
    const [own, others] = [of(train.examples, textsOf), test && of(test, textsOf)];
    return { train: own, test: { ...(others && { test: others }) }, count: own.length + (others?.length ?? 0) };
  };
  const rows = partsOf(({ text }) => [text]);
  const read = texts === undefined ? null : partsOf(texts);
  const total = rows.count + (read?.count ?? 0);
  const reporter = new ProgressReporter(terminal, (line) => terminal.error(line), options.json);
  const bar = reporter.start("read texts", { total, lines: true });
  // A text counts twice where it is also tokenized.
  const update = (before: number, passes: number) => ({
    signal,
    onProgress: (done: number) => bar.update(before + Math.floor(done / passes)),
  });
  const counted = (before: number): SummaryOptions =>
    tokenizer === null ? update(before, 1) : { ...update(before, 2), tokenizer };
  const columns = train.columns && { columns: train.columns };
  async function look(): Promise<DataSummary> {
    if (read === null) return summariseExamples(rows.train, { ...rows.test, ...columns, ...counted(0) });
    const found = await summariseExamples(rows.train, { ...rows.test, ...update(0, 1) });
    return withLengths(found, await summariseExamples(read.train, { ...read.test, ...counted(rows.count) }));
  }
  const found = await look().finally(() => bar.stop());
  const isUsual = ({ code }: DataFinding) =>
    (labelOf === undefined && (code === "one-label" || code === "few-examples")) ||
    (repeatsTexts && code === "duplicates");
  const findings = found.findings.filter((finding) => !isUsual(finding));
  return { summary: { ...found, findings }, inCharacters: tokenizer === null };
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

/** How often each label occurs in both files; empty for a task without labels. */
const labelRows = (
  labels: readonly string[],
  train: FileLabelCounts | null,
  test: FileLabelCounts | null | undefined,
): DataSummary["labels"] =>
  train === null
    ? []
    : labels.map((label, i) => ({ label, train: train.counts[i]!, validation: 0, test: test?.counts[i] ?? 0 }));

/** The groups of both files; null without a column of groups. */
function groupsOf(column: string | undefined, train: Examples, test: Examples | null): FoundGroups | null {
  const count = (examples: Examples) => countGroups(examples, { group: column ?? null });
  const own = count(train);
  if (column === undefined || own === null) return null;
  const groupOf = ({ group }: FileExample) => group ?? [];
  const named = new Set(train.flatMap(groupOf));
  const both = new Set((test ?? []).flatMap(groupOf).filter((group) => named.has(group)));
  return { column, train: own, test: test && count(test), shared: both.size };
}

/** Options of `lowrank data`. */
interface DataOptions {
  readonly task?: TaskName;
  readonly fields?: TokenFields;
  readonly test?: string;
  readonly text?: string;
  readonly label?: string;
  readonly labelNames?: Readonly<Record<string, string>>;
  readonly group?: string;
  readonly dropDuplicates?: boolean;
  readonly model?: string;
  readonly maxTokens?: number;
  readonly allow?: readonly string[];
  readonly json: boolean;
}

/** The tokenizer for counting: of the named model, otherwise of the task's default model if it is in the cache. */
async function countingTokenizer(
  {
    model,
    usualModel,
    ...options
  }: { readonly model?: string; readonly usualModel: string; readonly maxTokens?: number },
  session: Session,
): Promise<TokenCounter | null> {
  const maxTokens = options.maxTokens ?? null;
  const load = (from: LocalModel) =>
    loadTokenizer(from, maxTokens).catch((error: unknown) => {
      throw withOptionName(error, flagNames);
    });
  if (model !== undefined) return load(await findModel(model, session));
  try {
    return await load(await resolveModel(usualModel, { offline: true }));
  } catch (error) {
    if (error instanceof ModelError && maxTokens === null) return null;
    throw error;
  }
}
