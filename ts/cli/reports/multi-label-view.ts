import type { MultiLabelRunResult } from "../../tasks/multi-label/report.js";
import type { LabelScores } from "../../training/result/report.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";
import { tableLines } from "../terminal/table.js";
import { metricsView } from "./metrics-view.js";
import type { RunView } from "./run-view.js";
import type { Terminal } from "../terminal/terminal.js";

/** The most labels that are shown. */
const SHOWN = 30;

/** Runs with several labels a text: the metrics, and each label by itself. */
export const multiLabelView: RunView = {
  result(run, page) {
    const { labels, thresholdsFrom } = run.report.result as MultiLabelRunResult;
    const chosen =
      thresholdsFrom === null
        ? "thresholds are 0.5: there was no validation to choose them on"
        : "thresholds have the highest F1 on the validation";
    const { colors } = page;
    return [...metricsView.result(run, page), "", ...labelLines(labels, "in report.json", colors), colors.dim(chosen)];
  },
  next: metricsView.next,
};

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
