import type { AnyFoldsReport } from "../../jobs/run-folds.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import { type FoldResult, type FoldSpread, spreadOf } from "../../training/folds/fold-kind.js";
import { spreadsOf } from "../../training/folds/folds-report.js";
import type { ClassifierFold, FoldsReport } from "../../tasks/classify/folds/classifier-folds.js";
import { type JobSettings, taskOf, tasks } from "../../tasks/index.js";
import { foldKindOf } from "../../training/folds/take-fold.js";
import type { TaskEntry } from "../../training/task-definition.js";
import { finetuneCommand } from "../options/finetune-command.js";
import { formatCount, formatInterval, formatPercent } from "./number-format.js";
import { overText, rareLines } from "./run-summary.js";
import { tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";

type Colors = Terminal["colors"];

/** Mean and deviation of shares, in percent. */
export const formatSpread = ({ mean, deviation }: FoldSpread) =>
  `${formatPercent(mean)} ± ${(100 * deviation).toFixed(1)}`;

/** The measured models of each fold, by name: head and adapter last. A head-only run has only one. */
function measured(folds: readonly ClassifierFold[], isHeadOnly: boolean): [name: string, of: readonly Metrics[]][] {
  const after = folds.map((fold) => fold.after);
  const alone = folds.flatMap(({ headOnly }) => headOnly ?? []);
  if (isHeadOnly) return [["head only", after]];
  const compared: [string, readonly Metrics[]][] = alone.length < folds.length ? [] : [["head only", alone]];
  return [...compared, ["head and adapter", after]];
}

/** A row per fold with its accuracies. */
function accuracyTable(folds: readonly ClassifierFold[], isHeadOnly: boolean): string[] {
  const columns = measured(folds, isHeadOnly);
  const header = ["accuracy", "texts", "majority class", ...columns.map(([name]) => name)];
  const rows = folds.map(({ after, largestClass }, i) => [
    `fold ${i + 1}`,
    formatCount(after.count),
    formatPercent(largestClass),
    ...columns.map(([, of]) => formatPercent(of[i]!.accuracy)),
  ]);
  return tableLines([header, ...rows], ["left", ...header.slice(1).map(() => "right" as const)]);
}

/** The same over all folds, with macro F1 and loss. */
function spreadTable(folds: readonly ClassifierFold[], isHeadOnly: boolean): string[] {
  const loss = ({ mean, deviation }: FoldSpread) => `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  const rows = measured(folds, isHeadOnly).map(([name, of]) => [
    name,
    formatSpread(spreadOf(of.map(({ accuracy }) => accuracy))),
    formatSpread(spreadOf(of.map(({ macroF1 }) => macroF1))),
    loss(spreadOf(of.map((one) => one.loss))),
  ]);
  const largest = ["majority class", formatSpread(spreadOf(folds.map(({ largestClass }) => largestClass))), "", ""];
  const header = ["mean ± deviation", "accuracy", "macro F1", "loss"];
  return tableLines([header, largest, ...rows], ["left", "right", "right", "right"]);
}

/** A row per fold with its metrics, for any task. */
function metricTable(task: TaskEntry, folds: readonly FoldResult[], isWhole: boolean): string[] {
  const kind = foldKindOf(task);
  const all = folds.map((fold) => kind.metrics(fold));
  const names = Object.keys(task.metrics).filter((name) => all[0] !== undefined && name in all[0]);
  const shown = (name: string, value: number) =>
    task.metrics[name]!.format === "share" ? formatPercent(value) : value.toFixed(3);
  const rows = all.map((own, i) => [`fold ${i + 1}`, ...names.map((name) => shown(name, own[name]!))]);
  const spreads = isWhole ? spreadsOf(kind, folds) : {};
  const spread = (name: string) => {
    const { mean, deviation } = spreads[name]!;
    if (task.metrics[name]!.format === "share") return formatSpread(spreads[name]!);
    return `${mean.toFixed(3)} ± ${deviation.toFixed(3)}`;
  };
  const header = ["", ...names.map((name) => task.metrics[name]!.title)];
  const last = isWhole ? [["mean ± deviation", ...names.map(spread)]] : [];
  return tableLines([header, ...rows, ...last], ["left", ...names.map(() => "right" as const)]);
}

/** A row per fold. @param isWhole whether all folds are done; then mean and deviation are shown */
export function foldTable(settings: JobSettings, folds: readonly FoldResult[], isWhole: boolean): string[] {
  const task = taskOf(settings);
  if (task !== "classify") return metricTable(tasks[task], folds, isWhole);
  return accuracyTable(folds as readonly ClassifierFold[], "headOnly" in settings && settings.headOnly);
}

/** The tables, and the conclusion. */
export function foldLines(report: AnyFoldsReport, file: string, self: string, colors: Colors): string[] {
  if ("pooled" in report) return classifierLines(report, file, self, colors);
  return ["", ...foldTable(report.settings, report.folds, true), "", `Written to ${file}`];
}

/** The same for a text classifier, with the result of all predictions together. */
function classifierLines(
  { folds, pooled, overHeadAlone, recommended, settings }: FoldsReport,
  file: string,
  self: string,
  colors: Colors,
): string[] {
  const over = overHeadAlone === null ? "" : overText(overHeadAlone.accuracy, "the head-only baseline", colors);
  const worse = overHeadAlone !== null && overHeadAlone.accuracy.interval[1] < 0;
  const found = worse
    ? "The head-only baseline is better."
    : "The adapter is not significantly better than the head-only baseline.";
  return [
    "",
    ...accuracyTable(folds, settings.headOnly),
    "",
    ...spreadTable(folds, settings.headOnly),
    "",
    `all ${formatCount(pooled.count)} texts: accuracy ${formatPercent(pooled.accuracy)}${formatInterval(pooled.intervals?.accuracy)}, ` +
      `macro F1 ${formatPercent(pooled.macroF1)}${formatInterval(pooled.intervals?.macroF1)}`,
    ...(over === "" ? [] : [over]),
    ...rareLines(self, overHeadAlone, settings, colors.cyan),
    ...(recommended !== "head-only"
      ? []
      : [
          `${found} It is fitted in seconds and needs no adapter, so use it instead:`,
          `  ${colors.cyan(finetuneCommand(self, settings, { headOnly: true }))}`,
        ]),
    `Written to ${file}`,
  ];
}
