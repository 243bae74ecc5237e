import { type Command, Option } from "commander";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { parseJsonObject } from "../../io/json.js";
import type { LocatedExample } from "../../io/examples/index.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  definitionOf,
  openClassifier,
  otherUse,
  trainedTaskOf,
} from "../files/classifier-folder.js";
import { checkKnown, type DataAccess, loadDataset, readLabelled } from "../../tasks/classify/data/dataset.js";
import { measuredPart } from "../../training/data/parts.js";
import { localSources } from "../../training/node/local-sources.js";
import { runFiles } from "../../training/store/run-store.js";
import { fieldNames, labelNames, words } from "../options/option-values.js";
import { flagOf, flagNames } from "../options/flag-names.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { evaluateTask } from "./evaluate-task.js";
import { evaluateTokens } from "./evaluate-tokens.js";
import type { Session } from "../session.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { textFields } from "../../tasks/classify/settings.js";
import { completed } from "../../training/spec/field.js";
import { checkSettings } from "../../training/spec/read-settings.js";
import { evaluationLines, largestClass } from "../terminal/evaluation-lines.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { overlapWarning, trainedExamples, trainingData, type TrainedOn } from "../tables/training-overlap.js";

const EXAMPLES = `
Examples:
  lowrank evaluate
  lowrank evaluate --run runs/reviews --data held-out.csv --text body --label stars
  lowrank evaluate --run peft-adapter --data held-out.csv --label-names "0=LABEL_0,1=LABEL_1"
`;

interface EvaluateOptions extends ClassifierOptions {
  readonly data?: string;
  readonly text?: string;
  readonly label?: string;
  readonly labelNames?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `lowrank evaluate`: measures a classifier on labelled texts. */
export function defineEvaluate(program: Command, session: Session): void {
  const command = program
    .command("evaluate")
    .description("measure a run's model on labelled texts or words, on texts with numbers, or on pairs of texts")
    .option("--data <file>", "examples: CSV, TSV, JSONL, JSON or Parquet (default: the run's test data)")
    .addOption(new Option("--text <column>", "column of the texts (default: the run's)"))
    .addOption(new Option("--label <column>", "column of the labels (default: the run's)"))
    .option(
      "--label-names <pairs>",
      'renames labels of the data, such as "0=LABEL_0,1=LABEL_1" (default: the run\'s)',
      labelNames,
    )
    .option(
      "--fields <pairs>",
      'for labelled words and pairs: names of fields in --data, such as "tokens=words,tags=ner_tags" (default: the run\'s)',
      fieldNames,
    )
    .option(
      "--allow <codes>",
      "empty-texts, empty-labels: remove examples without one",
      words(["empty-texts", "empty-labels"]),
    );
  addClassifierOptions(command)
    .option("--json", "print one JSON object", false)
    .addHelpText("after", EXAMPLES)
    .action((options: EvaluateOptions) => evaluate(options, session));
}

async function evaluate(options: EvaluateOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const run = classifierFolder(options);
  if (!existsSync(run)) throw new ConfigError(`${run}: expected a run's folder, but it does not exist`, { run });
  refuseFolds(run);
  const task = trainedTaskOf(run);
  await refuseOptions(task, run, options);
  if (task === "tokens") return evaluateTokens(run, options, session);
  const { usedBy, trained } = await definitionOf(task);
  if (usedBy !== undefined && trained === undefined) throw await otherUse(task, run);
  if (task !== "classify") return evaluateTask(task, run, options, session);
  const onWarning = (warning: string) => terminal.error(warning);
  const readData = (path: string) => localSources.readData(path, { signal });
  const access = { sources: { readData }, onWarning, optionNames: flagNames };
  const { file, examples, warning } = await testExamples(options, run, access);
  if (warning !== null) terminal.error(warning);
  const { folder, classifier } = await openClassifier({ ...options, run }, session);
  const bar = reporterOf(terminal).texts("evaluate", examples.length);
  try {
    checkKnown(file, examples, classifier.labels);
    const result = await classifier.evaluate(examples, { signal, onProgress: (done) => bar.update(done) });
    bar.stop();
    const { labels } = classifier;
    const largest = largestClass(result).share;
    if (options.json)
      terminal.print(JSON.stringify({ run: folder, data: file, labels, largestClass: largest, ...result }));
    else
      for (const line of evaluationLines(`${folder} on ${file}`, labels, result, terminal.width)) terminal.print(line);
  } finally {
    bar.stop();
    classifier.encoder.dispose();
  }
}

/** Throws `ConfigError` for options that do not apply to the data of such a run. */
async function refuseOptions(task: TaskName, run: string, options: EvaluateOptions): Promise<void> {
  const fields = tasks[task].fields;
  const names = ["text", "label", "labelNames", "allow", "fields"] as const;
  const strange = names.find((name) => options[name] !== undefined && !Object.hasOwn(fields, name));
  if (strange === undefined) return;
  const { makes } = await definitionOf(task);
  const others = strange === "fields" ? "token classifiers" : "text classifiers";
  const columns = Object.hasOwn(fields, "fields")
    ? "columns and fields with --fields"
    : "columns with --text and --label";
  throw new ConfigError(`${flagOf(strange)} is for ${others}, and ${run} is ${makes}: name ${columns}`, {
    option: flagOf(strange),
    value: options[strange],
  });
}

/** The examples of --data, otherwise the run's test data. */
async function testExamples(
  options: EvaluateOptions,
  run: string,
  access: DataAccess,
): Promise<{ file: string; examples: readonly LocatedExample[]; warning: string | null }> {
  const report = readReport(run);
  const text = options.text ?? report?.settings.text ?? "text";
  const label = options.label ?? report?.settings.label ?? "label";
  const labelNames = options.labelNames ?? report?.settings.labelNames ?? {};
  const { allow = [] } = options;
  if (options.data !== undefined) {
    const named = await readLabelled(options.data, { text, label, labelNames, allow }, access);
    const trained = report === null ? null : await trainingData(report, access);
    const warning = overlapWarning(
      { ...named, named: true },
      report?.sha256,
      trained && trainedExamples(report!, trained),
    );
    return { ...named, warning };
  }
  if (report === null) {
    throw new ConfigError(`${run} has no ${runFiles.report} that names its test data: name a file with --data FILE`, {
      run,
    });
  }
  const dataset = await loadDataset({ ...report.settings, text, label, labelNames }, access);
  const part = measuredPart(dataset);
  // The test part was drawn from the file at that time; drawn again from a changed file, it would contain training texts.
  if (part.split && report.sha256 !== undefined && dataset.train.sha256 !== report.sha256) {
    throw new ConfigError(
      `${report.settings.data} has changed since the run, so its test part cannot be drawn again. Name other texts, not used in ` +
        "training, with --data FILE",
      { file: report.settings.data, expected: report.sha256, is: dataset.train.sha256 },
    );
  }
  return { ...part, warning: overlapWarning({ ...part, named: false }, undefined, trainedExamples(report, dataset)) };
}

function readReport(run: string): TrainedOn | null {
  const path = join(run, runFiles.report);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { settings, data = null, finalFit } = parseJsonObject(readFileSync(path), fail);
  const { sha256 } = ((data as { train?: unknown } | null)?.train ?? {}) as { sha256?: unknown };
  try {
    checkSettings("report", settings, textFields);
    return {
      settings: completed(settings, textFields),
      sha256: typeof sha256 === "string" ? sha256 : undefined,
      finalFit: finalFit !== undefined,
    };
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}
