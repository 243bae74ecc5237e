import type { HeadComparison } from "../../tasks/head-comparison.js";
import { type JobSettings, tasks } from "../../tasks/index.js";
import type { TaskReport } from "../../training/result/report.js";
import { runFiles } from "../../training/store/run-store.js";
import type { Metric, TaskTable } from "../../training/task-definition.js";
import { finetuneCommand } from "../options/finetune-command.js";
import { formatBytes, formatCount, formatDuration, formatExamples, formatPercent } from "./number-format.js";
import { shellPath } from "./shell-word.js";
import { tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";

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
export function taskResult(self: string, report: TaskReport, colors: Colors): string[] {
  const { result, data, training, task, settings } = report;
  const { yardsticks = {} } = (result ?? {}) as { yardsticks?: Record<string, Record<string, unknown> | null> };
  const metrics = metricsOf(task, report.metrics);
  if (result === null) return [speedOf(training)];
  const part = data.test ?? data.validation;
  const cells = (valueOf: (name: string) => unknown) => metrics.map(([name, metric]) => shown(metric, valueOf(name)));
  const others = Object.entries(yardsticks).flatMap(([name, values]) =>
    values === null ? [] : [[yardstickNames[name] ?? name, ...cells((metric) => values[metric])]],
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
    ...(rowNames.includes(yardstickNames["headOnly"]) ? headOnlyLines(task, colors) : []),
    ...(intervals.length === 1
      ? intervals.map(([title, value]) => `${title} ${value}: 95 % interval`)
      : intervalLines(intervals)),
    ...overHeadLines(self, report, colors),
    ...(training.steps === 0 ? [] : ["", speedOf(training)]),
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
export function overHeadLines(self: string, { task, result, settings }: Compared, { cyan }: Colors): string[] {
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

const speedOf = ({ steps, seconds, tokensPerSecond, peakMemory }: TaskReport["training"]) =>
  `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ${formatBytes(peakMemory)} of linear memory at peak`;

/** Names of baselines. */
const yardstickNames: Readonly<Record<string, string>> = {
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

/** The folder of the head-only model in a table of files. */
export const headOnlyRow = ["head-only", "the head-only model: `predict --run` uses this folder too"];

/** The files, and commands that show them. */
export function taskNext(
  self: string,
  folder: string,
  { settings }: TaskReport,
  { cyan }: Colors,
  has: { readonly headOnly: boolean },
): string[] {
  const { headOnly = false } = settings;
  const rows = [
    [[...(headOnly ? [] : runFiles.adapter), ...runFiles.head].join(", "), headOnly ? "the head" : "adapter and head"],
    ...(has.headOnly && !headOnly ? [headOnlyRow] : []),
    [runFiles.report, "settings, every step, results"],
    ...(headOnly ? [] : [[runFiles.curve, "the loss curve; open it in a browser"]]),
  ];
  return [
    `Written to ${folder}`,
    ...tableLines(rows).map((line) => `  ${line}`),
    "",
    "Try next",
    `  ${cyan(`${self} predict --run ${shellPath(folder)} "a text"`)}`,
    `  ${cyan(`${self} evaluate --run ${shellPath(folder)} --data other.csv`)}`,
  ];
}

/** The files of a run on pairs or of a reranker, and commands that use them. */
export function pairsNext(self: string, folder: string, { task }: TaskReport, { cyan }: Colors): string[] {
  const run = shellPath(folder);
  const rows = [
    [
      [...runFiles.adapter, "modules.json …"].join(", "),
      `${task === "rank" ? "adapter and head" : "the adapter"}, a folder of sentence-transformers`,
    ],
    [runFiles.report, "settings, every step, results"],
    [runFiles.curve, "the loss curve; open it in a browser"],
  ];
  return [
    `Written to ${folder}`,
    ...tableLines(rows).map((line) => `  ${line}`),
    "",
    "Try next",
    ...(task === "rank"
      ? [`  ${cyan(`${self} predict --run ${run} "a query" "a text" "another text"`)}`]
      : [
          `  ${cyan(`${self} embed --adapter ${run} "a text"`)}`,
          `  ${cyan(`${self} index --adapter ${run} --data texts.txt --out texts.index`)}`,
          `  ${cyan(`${self} search --index texts.index "a query"`)}`,
        ]),
    `  ${cyan(`${self} evaluate --run ${run} --data other.csv`)}`,
  ];
}
