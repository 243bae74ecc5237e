import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, FormatError } from "../../errors/errors.js";
import { isJsonObject, parseJsonObject } from "../../io/json.js";
import { type TaskName, tasks } from "../../tasks/index.js";
import { loadParts, measuredPart, type TaskData } from "../../training/data/parts.js";
import type * as events from "../../training/job-events.js";
import { localSources } from "../../training/node/local-sources.js";
import type { RunSettings } from "../../training/spec/run-settings.js";
import { takeSpec } from "../../training/spec/task-spec.js";
import { runFiles } from "../../training/store/run-store.js";
import type { FileExample, TaskEntry, TrainedMeasurement } from "../../training/task-definition.js";
import { type ClassifierOptions, openTrained } from "../files/classifier-folder.js";
import { flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { overlapWarning } from "../tables/training-overlap.js";
import { formatExamples } from "../terminal/number-format.js";
import { reporterOf } from "../terminal/progress-bar.js";
import { labelLines } from "../terminal/multi-label-summary.js";
import { tableLines } from "../terminal/table.js";
import { metricCells } from "../terminal/task-summary.js";
import type { Terminal } from "../terminal/terminal.js";

interface TaskEvaluateOptions extends ClassifierOptions {
  readonly data?: string;
  readonly text?: string;
  readonly label?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly allow?: readonly string[];
  readonly json: boolean;
}

/** Measures a run's model as its task's definition says: on the examples named, else on those that the run was tested on. */
export async function evaluateTask(
  task: TaskName,
  run: string,
  { data, text, label, fields, allow, json, ...options }: TaskEvaluateOptions,
  session: Session,
): Promise<void> {
  const { terminal, signal } = session;
  const entry: TaskEntry = tasks[task];
  const known = reportedRun(run, task);
  if (data === undefined && known === null)
    throw new ConfigError(`${run} has no ${runFiles.report} that names its test data: name some with --data FILE`, {
      run,
    });
  const columns = {
    ...(text !== undefined && { text }),
    ...(label !== undefined && { label }),
    ...(fields !== undefined && { fields }),
    ...(allow !== undefined && { allow }),
  };
  const asked = known?.settings ?? takeSpec("evaluate", { task, data }, tasks);
  // Only training looks for negatives.
  const settings = { ...asked, ...("mineNegatives" in asked && { mineNegatives: null }), ...columns };
  const emit = (event: events.JobEvent) => {
    if (event.type === "warning") terminal.error(event.message);
  };
  const reader = (await entry.load()).reader(settings, { sources: localSources, optionNames: flagNames, signal, emit });
  const parts = data === undefined ? await loadParts(reader, settings, entry.plan) : null;
  // Another file may lack some of the labels.
  const like =
    known === null || known.labels.length === 0 ? null : { file: "", sha256: "", examples: [], labels: known.labels };
  const part = parts === null ? { ...(await reader.read(data!, like, false)), split: false } : measuredPart(parts);
  if (parts !== null && part.split && parts.train.sha256 !== known!.sha256)
    throw new ConfigError(
      `${settings.data} has changed since the run, so its test part cannot be drawn again. Name other texts, not used in training, with --data FILE`,
      { file: settings.data, expected: known!.sha256, is: parts.train.sha256 },
    );
  const train = parts?.train.examples ?? null;
  const warning = overlapWarning({ ...part, named: parts === null }, known?.sha256, train);
  if (warning !== null) terminal.error(warning);
  const { file, examples } = part;
  const others = parts === null ? [] : othersIn(parts);
  const { folder, model, encoder } = await openTrained(task, { ...options, run }, session);
  try {
    const bar = reporterOf(terminal).texts("evaluate", examples.length);
    const onProgress = (done: number) => bar.update(done);
    const found = await model.measure(examples, { signal, onProgress }, others).finally(() => bar.stop());
    if (json) return terminal.print(JSON.stringify({ run: folder, task, data: file, ...flatMeasurement(found) }));
    const lines = measuredLines(task, found, terminal.colors);
    for (const line of [`${folder} on ${file}: ${formatExamples(examples.length)}`, ...lines]) terminal.print(line);
  } finally {
    encoder.dispose();
  }
}

/** The values by name, the intervals of those that have one, and the scores of each label. */
function flatMeasurement({ metrics, ...rest }: TrainedMeasurement): object {
  const entries = Object.entries(metrics);
  const intervals = entries.flatMap(([name, { interval }]) => (interval === undefined ? [] : [[name, interval]]));
  return {
    ...Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    intervals: Object.fromEntries(intervals),
    ...rest,
  };
}

/** The table of the metrics, what the brackets mean, and the table of the labels. */
function measuredLines(task: TaskName, { metrics, labels }: TrainedMeasurement, colors: Terminal["colors"]): string[] {
  const hasInterval = Object.values(metrics).some(({ interval }) => interval !== undefined);
  return [
    ...tableLines(metricCells({ task, metrics })),
    ...(hasInterval ? ["In brackets: 95 % confidence intervals, for other texts of the same kind"] : []),
    ...(labels === undefined ? [] : ["", ...labelLines(labels, "with --json", colors)]),
  ];
}

/** The examples of the parts that are not measured. */
function othersIn({ train, validation, test }: TaskData<FileExample>): FileExample[] {
  return [...train.examples, ...(test === null ? [] : validation.examples)];
}

/** What a run's report says. */
interface ReportedRun {
  readonly settings: RunSettings;
  /** Hash of the file it was trained on. */
  readonly sha256: string | undefined;
  /** Its classes; empty if it has none. */
  readonly labels: readonly string[];
}

/** Null if there is no report. */
function reportedRun(run: string, task: TaskName): ReportedRun | null {
  const path = join(run, runFiles.report);
  if (!existsSync(path)) return null;
  const fail = (problem: string, cause?: unknown) => new FormatError(`${path}: ${problem}`, { file: path }, { cause });
  const { settings, data } = parseJsonObject(readFileSync(path), fail);
  const train = isJsonObject(data) ? data["train"] : null;
  const sha256 = isJsonObject(train) ? train["sha256"] : undefined;
  const listed = isJsonObject(data) ? data["labels"] : null;
  const labels = Array.isArray(listed) ? listed.filter((label) => typeof label === "string") : [];
  try {
    const whole = takeSpec("report", { ...(isJsonObject(settings) ? settings : {}), task }, tasks);
    return { settings: whole, sha256: typeof sha256 === "string" ? sha256 : undefined, labels };
  } catch (cause) {
    throw fail((cause as Error).message, cause);
  }
}
