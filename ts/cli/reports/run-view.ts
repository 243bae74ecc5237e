import type { ReadyJob } from "../../jobs/run-job.js";
import type { Sample } from "../../tasks/classify/report.js";
import type { HeadComparison } from "../../tasks/head/head-comparison.js";
import { type JobSettings, tasks } from "../../tasks/index.js";
import type { TaskReport } from "../../training/report.js";
import { runFiles } from "../../training/store/run-store.js";
import { baselinesOf, type Metric, type TaskTable } from "../../training/task-definition.js";
import { finetuneCommand } from "../options/finetune-command.js";
import { formatBytes, formatCount, formatDuration, formatExamples, formatPercent } from "../terminal/number-format.js";
import { shellPath, tableLines, type Terminal } from "../terminal/terminal.js";

/** What lines for people are written with. */
export interface Page {
  /** How the program is called in commands that are shown. */
  readonly self: string;
  readonly colors: Terminal["colors"];
  /** Columns of the terminal. */
  readonly width: number;
}

/** A finished run. */
export interface FinishedRun<R = TaskReport> {
  readonly folder: string;
  readonly report: R;
  /** Every example of the test with its prediction; omitted by tasks whose examples have not just one label. */
  readonly predictions?: readonly Sample[];
  /** Number of predictions to show. */
  readonly samples: number;
  /** Whether the adapter was written as GGUF too. */
  readonly hasGguf: boolean;
  /** Whether a head-only model was written too. */
  readonly hasHeadOnly: boolean;
}

/** How runs of a task are shown. */
export interface RunView<R = TaskReport> {
  /**
   * Advice before training starts; default: none.
   * @param headOnly folder in which the run may save a head-only model
   */
  advice?(job: ReadyJob, headOnly: string, page: Page): string[];
  /** How good the result is. */
  result(run: FinishedRun<R>, page: Page): string[];
  /** The files that were written, and commands that use them. */
  next(run: FinishedRun<R>, page: Page): string[];
}

/** Rows of files that several tasks write. */
type FileRow = readonly [names: string, holds: string];
export const adapterRow: FileRow = [runFiles.adapter.join(", "), "the adapter, in PEFT's format"];
export const reportRow: FileRow = [runFiles.report, "settings, every step, results"];
export const curveRow: FileRow = [runFiles.curve, "the loss curve; open it in a browser"];
export const headOnlyRow: FileRow = ["head-only", "the head-only model: `predict --run` uses this folder too"];

/** Files of a run with what they hold, then commands to try. */
export function nextLines(
  folder: string,
  files: readonly FileRow[],
  commands: readonly string[],
  { self, colors: { dim, cyan } }: Page,
): string[] {
  return [
    `Written to ${folder}`,
    ...tableLines(files).map((line) => `  ${line.replace(/ {2,}.*$/, (holds) => dim(holds))}`),
    "",
    "Try next",
    ...commands.map((command) => `  ${cyan(`${self} ${command}`)}`),
  ];
}

/** Speed of training and its memory in one line; without steps only the memory. */
export function speedLine({ steps, seconds, tokensPerSecond, peakMemory }: TaskReport["training"]): string {
  const memory = `${formatBytes(peakMemory)} of linear memory at peak`;
  if (steps === 0) return memory;
  return `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ${memory}`;
}

type Colors = Terminal["colors"];
/** A report, possibly of another version. */
type Known = Partial<Omit<TaskReport, "steps">>;
/** The part of a report that says how head and adapter compare with the head-only baseline. */
type Compared = Pick<TaskReport, "task" | "result"> & { readonly settings: object };

/** Each metric of a result: title and formatted value. */
export function metricCells({ task = "", metrics = {} }: Known): [title: string, value: string][] {
  return metricsOf(task, metrics).map(([name, metric]) => {
    const { value, interval } = metrics[name] ?? {};
    const ends = Array.isArray(interval) ? ` (${interval.map((end) => shown(metric, end)).join(" to ")})` : "";
    return [metric.title, shown(metric, value) + ends];
  });
}

/** The task's metrics that there are, or all. */
const metricsOf = (task: string, found: object) =>
  Object.entries((tasks as TaskTable)[task]?.metrics ?? {}).filter(
    ([name]) => Object.keys(found).length === 0 || Object.hasOwn(found, name),
  );

function shown({ format }: Metric, value: unknown): string {
  if (typeof value !== "number") return "";
  return format === "share" ? formatPercent(value) : value.toPrecision(4);
}

/** The metrics of a result, below those of its baselines. */
function resultLines(report: TaskReport, { self, colors }: Page): string[] {
  const { result, data, training, task, settings } = report;
  const metrics = metricsOf(task, report.metrics);
  if (result === null) return [speedLine(training)];
  const part = data.test ?? data.validation;
  const cells = (valueOf: (name: string) => unknown) => metrics.map(([name, metric]) => shown(metric, valueOf(name)));
  const others = Object.entries(baselinesOf((tasks as TaskTable)[task]!, result)).flatMap(([name, values]) =>
    values === null
      ? []
      : [[baselineNames[name] ?? name, ...cells((metric) => (values as Readonly<Record<string, unknown>>)[metric])]],
  );
  const trained = [
    report.parameters.head === 0 ? "adapter" : "head and adapter",
    ...cells((metric) => report.metrics[metric]?.value),
  ];
  const lines = tableLines(
    [
      [`${formatExamples(part.examples)} to test on`, ...metrics.map(([, { title }]) => title)],
      ...others,
      ...(settings.headOnly === true ? [] : [trained]),
    ],
    ["left", ...metrics.map(() => "right" as const)],
  );
  const rowNames = others.map(([name]) => name);
  const intervals = metricCells(report).filter(([, value]) => value.includes("("));
  return [
    ...lines.slice(0, -1),
    colors.bold(lines.at(-1)),
    ...(rowNames.includes(baselineNames["headOnly"]) ? headOnlyLines(task, colors) : []),
    ...(intervals.length === 1
      ? intervals.map(([title, value]) => `${title} ${value}: 95 % interval`)
      : intervalLines(intervals)),
    ...overHeadLines(self, report, colors),
    ...(training.steps === 0 ? [] : ["", speedLine(training)]),
  ];
}

/** A line below a table that says what its row "head only" is; empty for tasks without such a row. */
export function headOnlyLines(task: string, { dim }: Colors): string[] {
  const model = (tasks as TaskTable)[task]?.headOnlyModel;
  return model === undefined ? [] : [dim(`head only: ${model} on the vectors of the unchanged encoder`)];
}

/** The metrics with an interval, one a line; empty if none has one. */
const intervalLines = (cells: readonly (readonly [title: string, value: string])[]) =>
  cells.length === 0 ? [] : ["", ...tableLines([["95 % intervals", ""], ...cells]), ""];

/** What head and adapter have over the head-only baseline, with advice; empty if they were not compared. */
function overHeadLines(self: string, { task, result, settings }: Compared, { cyan }: Colors): string[] {
  const { overHeadAlone = null, recommended } = (result ?? {}) as Partial<HeadComparison>;
  const { comparedBy = "", metrics } = (tasks as TaskTable)[task]!;
  const metric = metrics[comparedBy];
  if (overHeadAlone === null || metric === undefined) return [];
  const { difference, interval } = overHeadAlone;
  // A gain is a smaller error.
  const isError = metric.better === "lower";
  const change = (gain: number) => {
    const value = isError ? -gain : gain;
    const size = Math.abs(value);
    return `${value < 0 ? "−" : "+"}${metric.format === "share" ? (100 * size).toFixed(1) : size.toPrecision(3)}`;
  };
  const ends = (isError ? interval.toReversed() : interval).map(change).join(" to ");
  const { title, format } = metric;
  const gain = format === "share" ? `${change(difference)} points of ${title}` : `${title} ${change(difference)}`;
  const said = `Compared with the head-only baseline: ${gain} (95 %: ${ends})`;
  if (recommended === "adapter") return [said];
  const advice =
    interval[1] < 0 ? "the head alone is better:" : "that is not significant, and the head alone trains in less time:";
  return [`${said}; ${advice}`, `  ${cyan(finetuneCommand(self, settings as JobSettings, { headOnly: true }))}`];
}

/** Names of baselines. */
export const baselineNames: Readonly<Record<string, string>> = {
  majorityClass: "majority class",
  reference: "the base model",
  mostFrequent: "always the most frequent set",
  mean: "always the mean of what was trained on",
  headOnly: "head only",
  base: "vectors of the base model",
  bm25: "BM25, a search by words",
  cosine: "cosines of the base model's vectors",
  largestClass: "always the largest class",
  start: "the cross-encoder before training",
};

/** Runs of any task that shows no more than its metrics. */
export const metricsView: RunView = {
  result: ({ report }, page) => resultLines(report, page),
  next({ folder, report: { settings }, hasHeadOnly }, page) {
    const { headOnly = false } = settings;
    const run = shellPath(folder);
    return nextLines(
      folder,
      [
        [
          [...(headOnly ? [] : runFiles.adapter), ...runFiles.head].join(", "),
          headOnly ? "the head" : "adapter and head",
        ],
        ...(hasHeadOnly && !headOnly ? [headOnlyRow] : []),
        reportRow,
        ...(headOnly ? [] : [curveRow]),
      ],
      [`predict --run ${run} "a text"`, `evaluate --run ${run} --data other.csv`],
      page,
    );
  },
};

/** Runs on pairs of texts and of rerankers: folders that sentence-transformers reads. */
export const pairsView: RunView = {
  result: metricsView.result,
  next({ folder, report: { task } }, page) {
    const run = shellPath(folder);
    const isReranker = task === "rank";
    return nextLines(
      folder,
      [
        [
          [...runFiles.adapter, "modules.json …"].join(", "),
          `${isReranker ? "adapter and head" : "the adapter"}, a folder of sentence-transformers`,
        ],
        reportRow,
        curveRow,
      ],
      [
        ...(isReranker
          ? [`predict --run ${run} "a query" "a text" "another text"`]
          : [
              `embed --adapter ${run} "a text"`,
              `index --adapter ${run} --data texts.txt --out texts.index`,
              `search --index texts.index "a query"`,
            ]),
        `evaluate --run ${run} --data other.csv`,
      ],
      page,
    );
  },
};
