import { runFiles } from "../../training/store/run-store.js";
import type { TokenReport } from "../../tasks/tokens/run/token-report.js";
import type { TokenMetrics } from "../../tasks/tokens/token-metrics.js";
import { formatBytes, formatCount, formatDuration, formatPercent } from "./number-format.js";
import { clip, tableLines } from "./table.js";
import { headOnlyLines, overHeadLines } from "./task-summary.js";
import type { Terminal } from "./terminal.js";
import { shellPath } from "./shell-word.js";

type Colors = Terminal["colors"];

const scores = ({ f1, precision, recall, accuracy }: TokenMetrics) =>
  [f1, precision, recall, accuracy].map(formatPercent);

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

/** Entity F1 of the head-only baseline and after training, with advice. */
export function tokenResult(self: string, report: TokenReport, colors: Colors): string[] {
  const { result, data, training, settings } = report;
  const { bold, green } = colors;
  const { headOnly, after, recommended, measuredOn, largestClass } = result;
  const examples = (data.test ?? data.validation).examples;
  const [head, ...rows] = tableLines(
    [
      [`${formatCount(examples)} ${measuredOn} examples`, "entity F1", "precision", "recall", "words"],
      ["always the most frequent label", "", "", "", formatPercent(largestClass)],
      ...(headOnly === null ? [] : [["head only", ...scores(headOnly)]]),
      ...(settings.headOnly ? [] : [["head and adapter", ...scores(after)]]),
    ],
    ["left", ...right(4)],
  );
  const last = rows.pop()!;
  const { steps, seconds, tokensPerSecond, peakMemory } = training;
  return [
    head!,
    ...rows,
    recommended === "adapter" ? green(bold(last)) : bold(last),
    ...(headOnly === null ? [] : headOnlyLines("tokens", colors)),
    ...overHeadLines(self, report, colors),
    ...(after.cut === 0 ? [] : [`${formatCount(after.cut)} words are beyond the maximum length, and count as wrong`]),
    "",
    ...entityLines(after),
    ...(steps === 0
      ? []
      : [
          "",
          `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ` +
            `${formatBytes(peakMemory)} of linear memory at peak`,
        ]),
  ];
}

/** The files, and commands to try next. */
export function tokenNext(self: string, folder: string, { settings }: TokenReport, { dim, cyan }: Colors): string[] {
  const rows = [
    ...(settings.headOnly
      ? [[runFiles.head.join(", "), "the head and its labels"]]
      : [
          [runFiles.adapter.join(", "), "adapter and head, as PEFT reads them (TOKEN_CLS)"],
          ["labels.json", "the labels, and what else decides an answer"],
          [runFiles.curve, "the loss curve; open it in a browser"],
        ]),
    [runFiles.report, "settings, every step, results"],
  ];
  return [
    `Written to ${folder}`,
    ...tableLines(rows).map((line) => `  ${line.replace(/ {2,}.*$/, (rest) => dim(rest))}`),
    "",
    "Try next",
    `  ${cyan(`${self} predict --run ${shellPath(folder)} "a text with names in it"`)}`,
    `  ${cyan(`${self} evaluate --run ${shellPath(folder)} --data other.conll`)}`,
  ];
}
