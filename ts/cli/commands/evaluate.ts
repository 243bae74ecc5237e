import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { ConfigError } from "../../errors/errors.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { cellsIn } from "../../train/metrics/class-scores.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import { runFiles } from "../../training/store/run-store.js";
import type { TaskEntry, TrainedMeasurement } from "../../training/task-definition.js";
import {
  addClassifierOptions,
  classifierFolder,
  type ClassifierOptions,
  definitionOf,
  openTrained,
  otherUse,
  trainedTaskOf,
} from "../files/classifier-folder.js";
import { refuseFolds } from "../inspected/inspected-folds.js";
import { fieldNames, labelNames, words } from "../options/option-values.js";
import { flagOf } from "../options/setting-flags.js";
import { metricCells } from "../reports/run-view.js";
import { entityLines, labelLines } from "../reports/views.js";
import type { Session } from "../session.js";
import { namedExamples, reportedRun, testedExamples } from "../tables/measured-examples.js";
import { formatCount, formatExamples, formatPercent } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { clip, tableLines, type Terminal } from "../terminal/terminal.js";

const EXAMPLES = `
Examples:
  lowrank evaluate
  lowrank evaluate --run runs/reviews --data held-out.csv --text body --label stars
  lowrank evaluate --run peft-adapter --data held-out.csv --label-names "0=LABEL_0,1=LABEL_1"
`;

/** Settings of runs that say how a file of examples is read. */
const columnOptions = ["text", "label", "labelNames", "allow", "fields"] as const;

interface EvaluateOptions extends ClassifierOptions {
  readonly data?: string;
  readonly text?: string;
  readonly label?: string;
  readonly labelNames?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
  readonly fields?: Readonly<Record<string, string>>;
  readonly json: boolean;
}

/** `lowrank evaluate`: measures a run's model as its task's definition says. */
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
  const { data, json } = options;
  const run = classifierFolder(options);
  if (!existsSync(run)) throw new ConfigError(`${run}: expected a run's folder, but it does not exist`, { run });
  refuseFolds(run);
  const task = trainedTaskOf(run);
  const columns = await columnsOf(task, run, options);
  const { usedBy, trained } = await definitionOf(task);
  if (usedBy !== undefined && trained === undefined) throw await otherUse(task, run);
  const known = reportedRun(run, task);
  if (data === undefined && known === null)
    throw new ConfigError(`${run} has no ${runFiles.report} that names its test data: name a file with --data FILE`, {
      run,
    });
  const model = await openTrained(task, { ...options, run }, session);
  try {
    const labels = model.labels ?? known?.labels ?? [];
    const reading = { task, session, onWarning: (warning: string) => terminal.error(warning) };
    const { file, examples, others } = await (data === undefined
      ? testedExamples(labels, known!, reading)
      : namedExamples({ data, columns, labels }, known, reading));
    const bar = reporterOf(terminal).texts("evaluate", examples.length);
    const onProgress = (done: number) => bar.update(done);
    const found = await model.measure(examples, { signal, onProgress }, others).finally(() => bar.stop());
    if (json) return terminal.print(JSON.stringify({ run, task, data: file, labels: model.labels, ...flat(found) }));
    // Where entities are measured, the count is of words.
    const words = found.perEntity === undefined ? "" : ` of ${formatCount(found.count!)} words`;
    terminal.print(`${run} on ${file}: ${formatExamples(examples.length)}${words}`);
    for (const line of evaluationLines(task, labels, found, terminal)) terminal.print(line);
  } finally {
    model.encoder.dispose();
  }
}

/** The values by name, the intervals of those that have one, and the other results. */
function flat({ metrics, ...others }: TrainedMeasurement): object {
  const entries = Object.entries(metrics);
  const intervals = entries.flatMap(([name, { interval }]) => (interval === undefined ? [] : [[name, interval]]));
  return {
    ...Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    intervals: Object.fromEntries(intervals),
    ...others,
  };
}

/** The settings that options give for reading --data. Throws `ConfigError` for those that do not apply to a run's data, or without --data. */
async function columnsOf(task: TaskName, run: string, { data, ...options }: EvaluateOptions): Promise<object> {
  const { fields, load }: TaskEntry = tasks[task];
  const names = columnOptions.filter((name) => options[name] !== undefined);
  for (const name of names) {
    const [option, value] = [flagOf(name), options[name]];
    if (!Object.hasOwn(fields, name)) {
      const { makes } = await load();
      const others = name === "fields" ? "token classifiers" : "text classifiers";
      const columns = Object.hasOwn(fields, "fields")
        ? "columns and fields with --fields"
        : "columns with --text and --label";
      throw new ConfigError(`${option} is for ${others}, and ${run} is ${makes}: name ${columns}`, { option, value });
    }
    if (data === undefined)
      throw new ConfigError(`${option} says how to read --data, but --data is missing`, { option, value });
    fields[name]!.check("evaluate", option, value);
  }
  return Object.fromEntries(names.map((name) => [name, options[name]]));
}

type Classes = Pick<Metrics, "perClass" | "confusion" | "confusionCells">;

/** Longest name of a class to show, and the shortest that still distinguishes classes. */
const [LONG, SHORT] = [16, 4];
/** Number of confusions to list if their table does not fit. */
const CONFUSIONS = 10;

/** @internal A measurement: its metrics, and each class, kind of entity or label by itself. @param names those of the model's classes */
export function evaluationLines(
  task: TaskName,
  names: readonly string[],
  found: TrainedMeasurement,
  { width, colors }: Pick<Terminal, "width" | "colors">,
): string[] {
  const { metrics, labels, perClass, perEntity, largestClass = 0 } = found;
  const hasInterval = Object.values(metrics).some(({ interval }) => interval !== undefined);
  return [
    ...tableLines(metricCells({ task, metrics })),
    ...(perClass === undefined ? [] : [baselineLine(names, perClass, largestClass)]),
    ...(hasInterval ? ["In brackets: 95 % confidence intervals, for other texts of the same kind"] : []),
    ...(perClass === undefined ? [] : ["", ...classLines(names, { confusion: null, ...found, perClass }, width)]),
    ...(perEntity === undefined ? [] : ["", ...entityLines({ perEntity })]),
    ...(labels === undefined ? [] : ["", ...labelLines(labels, "with --json", colors)]),
  ];
}

/** The accuracy of the majority-class baseline. */
function baselineLine(names: readonly string[], perClass: Classes["perClass"], accuracy: number): string {
  const supports = perClass.map(({ support }) => support);
  const name = clip(names[supports.indexOf(Math.max(...supports))]!, LONG);
  return `majority-class baseline (always ${JSON.stringify(name)}): accuracy ${formatPercent(accuracy)}`;
}

/** Scores of classes and their confusions, in lines of at most `width` columns if the names allow that. */
const classLines = (names: readonly string[], classes: Classes, width: number) =>
  matrixLines(names, classes, width) ?? [...scoreLines(names, classes, []), ...confusionLines(names, classes)];

/** Scores beside the confusion table; null if it does not fit even with short names. */
function matrixLines(labels: readonly string[], result: Classes, width: number): string[] | null {
  if (result.confusion === null) return null;
  for (let length = LONG; length >= SHORT; length--) {
    const names = labels.map((label) => clip(label, length));
    // Shortened names must stay different.
    if (new Set(names).size < new Set(labels.map((label) => clip(label, LONG))).size) return null;
    const lines = scoreLines(names, result, names);
    if (lines.every((line) => line.length <= width)) return lines;
    // With many classes not even the shortest names fit, and each try costs their square.
    if (labels.length * (SHORT + 2) > width) return null;
  }
  return null;
}

function scoreLines(names: readonly string[], { confusion, perClass }: Classes, said: readonly string[]): string[] {
  const header = ["", ...said.map((name) => `said ${name}`), "precision", "recall", "F1", "texts"];
  const rows = perClass.map(({ precision, recall, f1, support }, i) => [
    `is ${clip(names[i]!, LONG)}`,
    ...said.map((_, j) => formatCount(confusion![i]![j]!)),
    ...[precision, recall, f1].map(formatPercent),
    formatCount(support),
  ]);
  return tableLines([header, ...rows], ["left", ...header.slice(1).map(() => "right" as const)]);
}

/** Confusions of classes, the most frequent first. */
function confusionLines(labels: readonly string[], result: Classes): string[] {
  const { perClass } = result;
  const found = cellsIn(result).filter(({ truth, predicted }) => truth !== predicted);
  if (found.length === 0) return [];
  const name = (place: number) => clip(labels[place]!, LONG);
  const rows = found
    .toSorted((a, b) => b.count - a.count)
    .slice(0, CONFUSIONS)
    .map(({ truth, predicted, count }) => [
      `is ${name(truth)}`,
      `said ${name(predicted)}`,
      formatCount(count),
      formatPercent(count / perClass[truth]!.support),
    ]);
  const heading = ["most frequent confusions", "", "texts", "of the class"];
  return ["", ...tableLines([heading, ...rows], ["left", "left", "right", "right"])];
}
