import type { AnyFoldsReport } from "../../jobs/run-folds.js";
import { foldKindOf, type FoldResult, type FoldSpread, spreadOf } from "../../training/folds/fold-kind.js";
import type { FoldsReport } from "../../tasks/classify/classifier-folds.js";
import { type JobSettings, taskOf, tasks } from "../../tasks/index.js";
import { baselinesOf, type Metric, type TaskEntry } from "../../training/task-definition.js";
import { finetuneCommand } from "../options/finetune-command.js";
import { formatCount, formatInterval, formatPercent } from "../terminal/number-format.js";
import { baselineNames } from "./run-view.js";
import { overText, rareLines } from "./classifier-view.js";
import { tableLines, type Terminal } from "../terminal/terminal.js";

type Colors = Terminal["colors"];

/** Mean and deviation of shares, in percent. */
const formatSpread = ({ mean, deviation }: FoldSpread) => `${formatPercent(mean)} ± ${(100 * deviation).toFixed(1)}`;

/** A model that was measured on each fold. */
interface FoldedModel {
  readonly name: string;
  /** Metrics on each fold, whatever else is there. */
  readonly metrics: readonly Readonly<Record<string, unknown>>[];
}

/** The baselines that every fold has, then the trained model. */
function modelsOf(task: TaskEntry, folds: readonly FoldResult[], headOnly: boolean): FoldedModel[] {
  const kind = foldKindOf(task);
  const baselines = folds.map((fold) => baselinesOf(task, kind.taskResult(fold)));
  const names = Object.keys(baselines[0] ?? {}).filter(
    (name) => !(headOnly && name === "headOnly") && baselines.every((of) => of[name] != null),
  );
  const trained = task.headOnlyModel === undefined ? "after training" : headOnly ? "head only" : "head and adapter";
  return [
    ...names.map((name) => ({
      name: baselineNames[name] ?? name,
      metrics: baselines.map((of) => of[name] as FoldedModel["metrics"][number]),
    })),
    { name: trained, metrics: folds.map((fold) => kind.metrics(fold)) },
  ];
}

/** A metric of each fold; null where a model does not have it. */
function valuesOf({ metrics }: FoldedModel, name: string): number[] | null {
  const values = metrics.map((of) => of[name]);
  return values.every((value) => typeof value === "number") ? values : null;
}

const shown = ({ format }: Metric, value: number) => (format === "share" ? formatPercent(value) : value.toFixed(3));

function shownSpread({ format }: Metric, values: readonly number[]): string {
  const spread = spreadOf(values);
  return format === "share" ? formatSpread(spread) : `${spread.mean.toFixed(3)} ± ${spread.deviation.toFixed(3)}`;
}

const aligned = (header: readonly string[], rows: readonly (readonly string[])[]) =>
  tableLines([header, ...rows], ["left", ...header.slice(1).map(() => "right" as const)]);

/**
 * A row per fold: with the main metric of each model, or with every metric where there are no baselines.
 * @param isWhole whether all folds are done; then mean and deviation of each metric are shown
 */
export function foldTable(settings: JobSettings, folds: readonly FoldResult[], isWhole: boolean): string[] {
  const task: TaskEntry = tasks[taskOf(settings)];
  const models = modelsOf(task, folds, "headOnly" in settings && settings.headOnly);
  const trained = models.at(-1)!;
  const metrics = Object.entries(task.metrics).filter(([name]) => valuesOf(trained, name) !== null);
  const spreads = (model: FoldedModel) =>
    metrics.map(([name, metric]) => {
      const values = valuesOf(model, name);
      return values === null ? "" : shownSpread(metric, values);
    });
  const titles = metrics.map(([, { title }]) => title);
  const [main] = metrics;
  if (models.length === 1 || main === undefined) {
    const rows = folds.map((_, i) => [
      `fold ${i + 1}`,
      ...metrics.map(([name, metric]) => shown(metric, valuesOf(trained, name)![i]!)),
    ]);
    return aligned(["", ...titles], [...rows, ...(isWhole ? [["mean ± deviation", ...spreads(trained)]] : [])]);
  }
  const compared = models.flatMap((model) => {
    const values = valuesOf(model, main[0]);
    return values === null ? [] : [{ name: model.name, values }];
  });
  const { count } = foldKindOf(task);
  const table = aligned(
    [main[1].title, ...(count === undefined ? [] : ["texts"]), ...compared.map(({ name }) => name)],
    folds.map((fold, i) => [
      `fold ${i + 1}`,
      ...(count === undefined ? [] : [formatCount(count(fold))]),
      ...compared.map(({ values }) => shown(main[1], values[i]!)),
    ]),
  );
  if (!isWhole) return table;
  const rows = models.map((model) => [model.name, ...spreads(model)]);
  return [...table, "", ...aligned(["mean ± deviation", ...titles], rows)];
}

/** The tables, and the conclusion. */
export function foldLines(report: AnyFoldsReport, file: string, self: string, colors: Colors): string[] {
  return [
    "",
    ...foldTable(report.settings, report.folds, true),
    "",
    ...("pooled" in report ? conclusionLines(report, self, colors) : []),
    `Written to ${file}`,
  ];
}

/** The result of all predictions together, for one label a text. */
function conclusionLines(
  { pooled, overHeadAlone, recommended, settings }: FoldsReport,
  self: string,
  colors: Colors,
): string[] {
  const over = overHeadAlone === null ? "" : overText(overHeadAlone.accuracy, "the head-only baseline", colors);
  const worse = overHeadAlone !== null && overHeadAlone.accuracy.interval[1] < 0;
  const found = worse
    ? "The head-only baseline is better."
    : "The adapter is not significantly better than the head-only baseline.";
  return [
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
  ];
}
