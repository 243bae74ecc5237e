import type { MultiLabelRunResult } from "../../tasks/multi-label/run/report.js";
import type { LabelScores, TaskReport } from "../../training/result/report.js";
import { formatCount, formatPercent } from "./number-format.js";
import { tableLines } from "./table.js";
import { taskResult } from "./task-summary.js";
import type { Terminal } from "./terminal.js";

/** The most labels that are shown. */
const SHOWN = 30;

/** The metrics of a result, below those of its baselines, and each label by itself. */
export function multiLabelResult(self: string, report: TaskReport, colors: Terminal["colors"]): string[] {
  const { labels, thresholdsFrom } = report.result as MultiLabelRunResult;
  const chosen =
    thresholdsFrom === null
      ? "thresholds are 0.5: there was no validation to choose them on"
      : "thresholds have the highest F1 on the validation";
  return [...taskResult(self, report, colors), "", ...labelLines(labels, "in report.json", colors), colors.dim(chosen)];
}

/**
 * A table of labels, at most 30 of them.
 * @param rest where the others are
 */
export function labelLines(labels: readonly LabelScores[], rest: string, { dim }: Terminal["colors"]): string[] {
  const rows = labels.slice(0, SHOWN).map(({ label, texts, threshold, precision, recall, f1, averagePrecision }) => [
    label,
    formatCount(texts),
    threshold.toFixed(2),
    // Of a label that no text has, these are 0 by definition.
    ...[precision, recall, f1, averagePrecision].map((share) => (texts === 0 ? "–" : formatPercent(share))),
  ]);
  const numbers = ["texts", "threshold", "precision", "recall", "F1", "AP"];
  const more = labels.length > SHOWN ? [`and ${labels.length - SHOWN} more ${rest}`] : [];
  const absent = labels.filter(({ texts }) => texts === 0).length;
  const few =
    absent === 0
      ? []
      : [
          `${absent === 1 ? "1 label is" : `${formatCount(absent)} labels are`} in no test text; macro F1 counts such a label as 0`,
        ];
  return [
    ...tableLines([["label", ...numbers], ...rows], ["left", ...numbers.map(() => "right" as const)]),
    ...more,
    ...few.map((line) => dim(line)),
  ];
}
