import { runFiles } from "../../training/store/run-store.js";
import type { TokenReport } from "../../tasks/tokens/token-report.js";
import type { TokenMetrics } from "../../tasks/tokens/token-metrics.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";
import { clip, tableLines } from "../terminal/table.js";
import { metricsView } from "./metrics-view.js";
import { curveRow, nextLines, reportRow, type RunView } from "./run-view.js";
import { shellPath } from "../terminal/printable.js";

/** Scores of each label's entities. */
export function entityLines({ perEntity }: Pick<TokenMetrics, "perEntity">): string[] {
  const rows = perEntity.map(({ label, f1, precision, recall, support }) => [
    clip(label, 24),
    ...[f1, precision, recall].map(formatPercent),
    formatCount(support),
  ]);
  return tableLines([["", "F1", "precision", "recall", "entities"], ...rows], ["left", ...right(4)]);
}

const right = (columns: number) => new Array<"right">(columns).fill("right");

/** Runs on words: the metrics, and each kind of entity by itself. */
export const tokenView: RunView<TokenReport> = {
  result(run, page) {
    const { after } = run.report.result;
    return [
      ...metricsView.result(run, page),
      ...(after.cut === 0 ? [] : [`${formatCount(after.cut)} words are beyond the maximum length, and count as wrong`]),
      "",
      ...entityLines(after),
    ];
  },
  next({ folder, report: { settings } }, page) {
    const run = shellPath(folder);
    return nextLines(
      folder,
      [
        ...(settings.headOnly
          ? [[runFiles.head.join(", "), "the head and its labels"] as const]
          : [
              [runFiles.adapter.join(", "), "adapter and head, as PEFT reads them (TOKEN_CLS)"] as const,
              ["labels.json", "the labels, and what else decides an answer"] as const,
              curveRow,
            ]),
        reportRow,
      ],
      [`predict --run ${run} "a text with names in it"`, `evaluate --run ${run} --data other.conll`],
      page,
    );
  },
};
