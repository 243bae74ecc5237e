import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import type { LocatedExample } from "../../io/examples/index.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  openClassifier,
} from "../files/classifier-folder.js";
import { checkKnown, type DataAccess, loadDataset, measuredPart, readLabelled } from "../../jobs/data/dataset.js";
import { localSources } from "../../jobs/node/local-sources.js";
import { runFiles } from "../../jobs/store/run-store.js";
import { words } from "../options/option-values.js";
import { flagWords } from "../options/job-words.js";
import { formatCount, formatInterval, formatPercent } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import type { RunReport } from "../../jobs/result/run-report.js";
import type { Session } from "../session.js";
import { specDefaults } from "../../jobs/spec/job-spec.js";
import { checkSettings } from "../../jobs/spec/settings-check.js";
import { clip, tableLines } from "../terminal/table.js";

const EXAMPLES = `
Examples:
  lowrank evaluate
  lowrank evaluate --run runs/reviews --data held-out.csv --text body --label stars
`;

interface EvaluateOptions extends ClassifierOptions {
  readonly data?: string;
  readonly text?: string;
  readonly label?: string;
  readonly allow?: readonly string[];
  readonly json: boolean;
}

/** Most labels whose confusion matrix is printed. */
const MATRIX_LABELS = 8;

/** `lowrank evaluate`: how well a classifier does on labelled texts. */
export function defineEvaluate(program: Command, session: Session): void {
  const command = program
    .command("evaluate")
    .description("measure a trained classifier on labelled texts")
    .option("--data <file>", "examples: CSV, TSV, JSONL, JSON or Parquet (default: those that the run was tested on)")
    .addOption(new Option("--text <column>", "column of the texts (default: the run's)"))
    .addOption(new Option("--label <column>", "column of the labels (default: the run's)"))
    .option("--allow <codes>", "empty-texts: leave out examples without a text", words(["empty-texts"]));
  addClassifierOptions(command)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((options: EvaluateOptions) => evaluate(options, session));
}

async function evaluate(options: EvaluateOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const run = classifierFolder(options);
  if (!existsSync(run))
    throw new ConfigError(`${run}: a run's folder is expected, there is none of that name`, { run });
  const onWarning = (warning: string) => terminal.error(warning);
  const readData = (path: string) => localSources.readData(path, { signal });
  const access = { sources: { readData }, onWarning, words: flagWords };
  const { file, examples } = await testExamples(options, run, access);
  const { folder, classifier } = await openClassifier({ ...options, run }, session);
  const bar = reporterOf(terminal).texts("evaluate", examples.length);
  try {
    checkKnown(file, examples, classifier.labels);
    const result = await classifier.evaluate(examples, { signal, onProgress: (done) => bar.update(done) });
    bar.stop();
    if (options.json) terminal.print(JSON.stringify({ run: folder, data: file, labels: classifier.labels, ...result }));
    else for (const line of resultLines(folder, file, classifier.labels, result)) terminal.print(line);
  } finally {
    bar.stop();
    classifier.encoder.dispose();
  }
}

/** The examples named, else those that the run itself was tested on. */
async function testExamples(
  options: EvaluateOptions,
  run: string,
  access: DataAccess,
): Promise<{ file: string; examples: readonly LocatedExample[] }> {
  const report = readReport(run);
  const text = options.text ?? report?.settings.text ?? "text";
  const label = options.label ?? report?.settings.label ?? "label";
  const labelNames = report?.settings.labelNames ?? {};
  const { allow = [] } = options;
  if (options.data !== undefined) return readLabelled(options.data, { text, label, labelNames, allow }, access);
  if (report === null) {
    throw new ConfigError(`${run} has no ${runFiles.report} that names its test data: name some with --data FILE`, {
      run,
    });
  }
  return measuredPart(await loadDataset({ ...report.settings, text, label }, access));
}

function readReport(run: string): Pick<RunReport, "settings"> | null {
  const path = join(run, runFiles.report);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { settings } = parseJsonObject(readFileSync(path), fail);
  try {
    // A run of an earlier version has none of the settings that came later.
    const whole = { ...specDefaults("peft"), ...(isJsonObject(settings) ? settings : {}) };
    checkSettings("report", whole);
    return { settings: whole };
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}

function resultLines(run: string, file: string, labels: readonly string[], result: Metrics): string[] {
  const { count, accuracy, loss, confusion, perClass, macroF1, intervals } = result;
  const names = labels.map((label) => clip(label, 16));
  // A confusion matrix of many labels fits no terminal; --json has it.
  const matrix = labels.length <= MATRIX_LABELS;
  const header = [
    ...["", ...(matrix ? names.map((name) => `said ${name}`) : [])],
    ...["precision", "recall", "F1", "texts"],
  ];
  const rows = perClass.map(({ precision, recall, f1, support }, i) => [
    `is ${names[i]!}`,
    ...(matrix ? confusion[i]!.map(formatCount) : []),
    ...[precision, recall, f1].map(formatPercent),
    formatCount(support),
  ]);
  return [
    `${run} on ${file}: ${formatCount(count)} texts`,
    `accuracy ${formatPercent(accuracy)}${formatInterval(intervals?.accuracy)}, loss ${loss.toFixed(3)}`,
    `macro F1 ${formatPercent(macroF1)}${formatInterval(intervals?.macroF1)}`,
    "",
    ...tableLines([header, ...rows], ["left", ...header.slice(1).map(() => "right" as const)]),
    ...(intervals === null ? [] : ["", "In brackets: 95 % intervals, from other draws of as many texts"]),
  ];
}
