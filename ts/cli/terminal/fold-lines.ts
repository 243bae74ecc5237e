import type { FoldsReport, FoldSpread } from "../../jobs/folds/folds-report.js";
import { formatCount, formatInterval, formatPercent } from "./number-format.js";
import { overText, rareLines } from "./run-summary.js";
import { tableLines } from "./table.js";
import type { Terminal } from "./terminal.js";

type Colors = Terminal["colors"];

/** The table, what all predictions say together, and what follows. */
export function foldLines(
  { folds, accuracy, macroF1, loss, headOnly, pooled, overHeadAlone, recommended, settings }: FoldsReport,
  file: string,
  self: string,
  colors: Colors,
): string[] {
  const shares = ({ mean, deviation }: FoldSpread) => `${formatPercent(mean)} ± ${(100 * deviation).toFixed(1)}`;
  const rows = folds.map(({ after, headOnly: alone }, i) => [
    ...[`fold ${i + 1}`, formatCount(after.count), alone === null ? "" : formatPercent(alone.accuracy)],
    ...[formatPercent(after.accuracy), formatPercent(after.macroF1), after.loss.toFixed(3)],
  ]);
  const header = ["", "texts", headOnly === null ? "" : "head alone", "accuracy", "macro F1", "loss"];
  const alone = headOnly === null ? "" : shares(headOnly);
  const last = [
    ...["mean ± deviation", "", alone, shares(accuracy), shares(macroF1)],
    `${loss.mean.toFixed(3)} ± ${loss.deviation.toFixed(3)}`,
  ];
  const over = overHeadAlone === null ? "" : overText(overHeadAlone.accuracy, "the head alone", colors);
  const worse = overHeadAlone !== null && overHeadAlone.accuracy.interval[1] < 0;
  const found = worse ? "The head alone is better." : "The adapter brings nothing that can be told from chance.";
  return [
    "",
    ...tableLines([header, ...rows, last], ["left", "right", "right", "right", "right", "right"]),
    "",
    `all ${formatCount(pooled.count)} texts: accuracy ${formatPercent(pooled.accuracy)}${formatInterval(pooled.intervals?.accuracy)}, ` +
      `macro F1 ${formatPercent(pooled.macroF1)}${formatInterval(pooled.intervals?.macroF1)}`,
    ...(over === "" ? [] : [over]),
    ...rareLines(self, overHeadAlone, settings, colors.cyan),
    ...(recommended !== "head-only"
      ? []
      : [
          `${found} The head alone takes seconds to fit and needs no adapter, so it is what to use:`,
          `  ${colors.cyan(`${self} finetune --head-only`)} with the same data`,
        ]),
    `Written to ${file}`,
  ];
}
