import type { ReadyJob } from "../../jobs/run-job.js";
import { engineText } from "./engine-text.js";
import { tasks } from "../../tasks/index.js";
import type { ReadyPart } from "../../training/job-events.js";
import type { TaskReport } from "../../training/result/report.js";
import type { RunSettings } from "../../training/spec/run-settings.js";
import { formatTargets, warmupOf } from "../../training/spec/training-settings.js";
import { runFiles } from "../../training/store/run-store.js";
import type { Metric, TaskTable } from "../../training/task-definition.js";
import { adapterVariants } from "./adapter-variants.js";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEvery,
  formatExamples,
  formatPercent,
  formatRate,
} from "./number-format.js";
import { shellPath } from "./shell-word.js";
import { clip, tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";

type Colors = Terminal["colors"];
type Settings = RunSettings & Parameters<typeof adapterVariants>[0];
/** A report, possibly of another version. */
type Known = Partial<Omit<TaskReport, "steps">>;

const counted = ({ file, examples, words, negatives = 0 }: ReadyPart) =>
  `${file}: ${formatExamples(examples)}${words === undefined ? "" : ` of ${formatCount(words)} words`}` +
  (negatives === 0 ? "" : ` with ${formatCount(negatives)} mined negatives`);

/** Describes a run before it starts, for tasks without their own summary. */
export function taskIntroduction(job: ReadyJob<Settings>, folder: string, { dim }: Colors): string[] {
  const { settings, steps, resumedAfter, engine, model, data, parameters, evaluateEvery, estimate } = job;
  const { rank, alpha, targetModules, batchSize, learningRate, schedule, seed, patience, headOnly = false } = settings;
  const { validation, test } = data;
  const split = (part: ReadyPart & { readonly split: boolean }) =>
    `${counted(part)}${part.split ? ", a seeded split" : ""}`;
  const { metrics } = (tasks as TaskTable)[job.task]!;
  const chosen = job.chosenBy === undefined ? null : metrics[job.chosenBy]!;
  const best = chosen === null ? "lowest loss" : `${chosen.better === "higher" ? "highest" : "lowest"} ${chosen.title}`;
  const stop = patience === null ? "" : `; the run ends after ${patience} in a row without a better one`;
  const rows = [
    ["model", `${model.name}, ${model.layers} layers of ${model.hiddenSize} (from ${model.origin})`],
    ["data", `${counted(data.train)} for training`],
    ...(data.labels.length === 0 ? [] : [["labels", clip(data.labels.join(", "), 100)]]),
    ["test", (test ?? validation).examples === 0 ? "none" : `${split(test ?? validation)}, measured at the end`],
    ...(evaluateEvery === null
      ? []
      : [
          [
            "keeps",
            `the step with the ${best} on ${split(validation)}, measured every ${formatEvery(evaluateEvery)}${stop}`,
          ],
        ]),
    ...(headOnly
      ? [["adapter", "none: only the head is fitted, to frozen vectors"]]
      : [
          [
            "adapter",
            [`rank ${rank}, alpha ${alpha} on ${formatTargets(targetModules)}`, ...adapterVariants(settings)].join(
              ", ",
            ) +
              `: ${formatCount(parameters.adapter)} parameters` +
              (parameters.head === 0 ? "" : `, ${formatCount(parameters.head)} of the head`),
          ],
          [
            "training",
            `${formatCount(steps)} steps of ${batchSize}, AdamW, learning rate ${formatRate(learningRate)} (warm-up ` +
              `${warmupOf(settings, steps)}, ${schedule}), seed ${seed}`,
          ],
        ]),
    ["engine", engineText(engine)],
    [
      "estimate",
      `about ${formatDuration(estimate.seconds.total)}, ${formatBytes(estimate.memory.needed)} of linear memory`,
    ],
    ["run", folder],
  ];
  const lines = tableLines(rows).map((line) => line.replace(/^\w+ */, (title) => dim(title)));
  return resumedAfter === null ? lines : [`Continuing after step ${resumedAfter} of ${steps}`, ...lines];
}

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
export function taskResult(_: string, report: TaskReport, { bold }: Colors): string[] {
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
  const [first, value] = metricCells(report)[0]!;
  return [
    ...lines.slice(0, -1),
    bold(lines.at(-1)),
    ...(value.includes("(") ? [`${first} ${value}: 95 % interval`] : []),
    ...(training.steps === 0 ? [] : ["", speedOf(training)]),
  ];
}

const speedOf = ({ steps, seconds, tokensPerSecond, peakMemory }: TaskReport["training"]) =>
  `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ${formatBytes(peakMemory)} of linear memory at peak`;

/** Names of baselines. */
const yardstickNames: Readonly<Record<string, string>> = {
  reference: "the base model",
  mostFrequent: "always the most frequent set",
  mean: "always the mean of what was trained on",
  headOnly: "head on frozen vectors",
  base: "vectors of the base model",
  bm25: "BM25, a search by words",
  cosine: "cosines of the base model's vectors",
  largestClass: "always the largest class",
  start: "the cross-encoder before training",
};

/** The files, and commands that show them. */
export function taskNext(self: string, folder: string, { settings }: TaskReport, { cyan }: Colors): string[] {
  const { headOnly = false } = settings;
  const rows = [
    [[...(headOnly ? [] : runFiles.adapter), ...runFiles.head].join(", "), headOnly ? "the head" : "adapter and head"],
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
