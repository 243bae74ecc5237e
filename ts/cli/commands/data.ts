import { type Command, Option } from "commander";
import type { LocatedExample } from "../../io/examples/index.js";
import { summariseExamples } from "../../io/examples/summary/index.js";
import { type DataAccess, readLabelled, withoutMeasured } from "../../tasks/classify/data/dataset.js";
import { countGroups } from "../../tasks/classify/data/held-out.js";
import { checkLabelNames } from "../../tasks/classify/data/label-checks.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { textFields } from "../../tasks/classify/settings.js";
import { defaultsOf } from "../../training/spec/field.js";
import { DEFAULT_MODEL } from "../../training/spec/shared-fields.js";
import { localSources } from "../../training/node/local-sources.js";
import type { DataOptions } from "../options/data-options.js";
import { CONLL } from "../tables/token-input.js";
import { exitCodes } from "../exit-codes.js";
import { countingTokenizer } from "../files/counting-tokenizer.js";
import { fieldNames, labelNames, whole, words } from "../options/option-values.js";
import { flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { dataOfTask, inCharactersNote } from "./data-task.js";
import { dataOfTokens } from "./data-tokens.js";
import { type FoundGroups, summaryLines } from "../terminal/data-lines.js";
import { ProgressReporter } from "../terminal/progress-bar.js";

const EXAMPLES = `
Examples:
  lowrank data reviews.csv --text body --label stars
  lowrank data train.conll --test test.conll
  lowrank data train.parquet --test test.parquet --json
`;

const defaults = defaultsOf(textFields);

/** `lowrank data`: summarises labelled texts before training. */
export function defineData(program: Command, session: Session): void {
  program
    .command("data")
    .description("check labelled texts before training: counts, lengths, duplicates, problems")
    .argument("<file>", "examples: CSV, TSV, JSONL, JSON or Parquet; for labelled words also CoNLL")
    .addOption(
      new Option(
        "--task <name>",
        "read the data as `finetune --task` does, such as labelled words (tokens; the default for .conll files)",
      ).choices(Object.keys(tasks).filter((name) => name !== ("classify" satisfies TaskName))),
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
    .option("--model <name>", `model whose tokens are counted (default: ${DEFAULT_MODEL}, if it is in the cache)`)
    .option("--max-tokens <n>", "truncate texts to this many tokens (default: the model's maximum)", whole(2))
    .option(
      "--allow <codes>",
      "empty-texts, empty-labels: remove examples without one",
      words(["empty-texts", "empty-labels"]),
    )
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((file: string, options: DataOptions) =>
      lookAt(options.task ?? (options.fields !== undefined || CONLL.test(file) ? "tokens" : "classify"))(
        file,
        options,
        session,
      ),
    );
}

type Look = (file: string, options: DataOptions, session: Session) => Promise<void>;

/** Tasks whose data have more to show than `dataOfTask` does. */
const own: Readonly<Partial<Record<TaskName, Look>>> = { classify: data, tokens: dataOfTokens };

const lookAt = (task: TaskName): Look =>
  own[task] ?? ((file, options, session) => dataOfTask(task, file, options, session));

async function data(file: string, options: DataOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const { text = defaults.text, label = defaults.label, group = null, dropDuplicates, allow = [] } = options;
  const names = options.labelNames ?? {};
  const access: DataAccess = {
    sources: localSources,
    onWarning: (line) => terminal.error(line),
    optionNames: flagNames,
  };
  const columns = { text, label, labelNames: names, group, dropDuplicates: dropDuplicates === true, allow };
  const whole = await readLabelled(file, columns, access);
  checkLabelNames(whole, { labelNames: names }, flagNames);
  const test = options.test === undefined ? null : await readLabelled(options.test, columns, access, undefined);
  const train = test !== null && columns.dropDuplicates ? withoutMeasured(whole, test, access) : whole;
  const tokenizer = await countingTokenizer(options, session);
  const progress = new ProgressReporter(terminal, (line) => terminal.error(line), options.json);
  const total = train.examples.length + (test?.examples.length ?? 0);
  // Each text is counted twice: for the comparison of texts and for the tokenizer.
  const passes = tokenizer === null ? 1 : 2;
  const bar = progress.start("read texts", { total, lines: true });
  const summary = await summariseExamples(train.examples, {
    signal,
    columns: train.columns,
    ...(test !== null && { test: test.examples }),
    ...(tokenizer !== null && { tokenizer }),
    onProgress: (done) => bar.update(Math.floor(done / passes)),
  }).finally(() => bar.stop());
  if (summary.findings.some(({ severity }) => severity === "stop")) session.exitCode = exitCodes.error;
  const groups = groupsOf(group, train.examples, test?.examples ?? null);
  if (options.json) {
    const files = {
      file: train.file,
      sha256: train.sha256,
      ...(test && { testFile: test.file, testSha256: test.sha256 }),
    };
    terminal.print(JSON.stringify({ ...files, ...summary, groups }));
    return;
  }
  const files = { train: file, ...(options.test !== undefined && { test: options.test }) };
  for (const line of summaryLines(summary, groups, files, terminal.colors, terminal.width)) terminal.print(line);
  if (tokenizer === null) terminal.print(inCharactersNote);
}

function groupsOf(
  column: string | null,
  train: readonly LocatedExample[],
  test: readonly LocatedExample[] | null,
): FoundGroups | null {
  const learnt = countGroups(train, { group: column });
  if (column === null || learnt === null) return null;
  const named = new Set(train.map((example) => example.group));
  const both = new Set((test ?? []).flatMap(({ group }) => (group !== undefined && named.has(group) ? [group] : [])));
  return { column, train: learnt, test: test && countGroups(test, { group: column }), shared: both.size };
}
