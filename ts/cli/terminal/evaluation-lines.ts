import { cellsIn } from "../../train/metrics/cells.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import { formatCount, formatInterval, formatPercent } from "./number-format.js";
import { clip, tableLines } from "./table.js";

/** Longest name of a class to show, and the shortest that still distinguishes classes. */
const [LONG, SHORT] = [16, 4];
/** Number of confusions to list if their table does not fit. */
const CONFUSIONS = 10;

/** Accuracy of the majority-class baseline. */
export function largestClass({ perClass, count }: Metrics): { readonly place: number; readonly share: number } {
  const supports = perClass.map(({ support }) => support);
  const place = supports.indexOf(Math.max(...supports));
  return { place, share: supports[place]! / count };
}

/** A classifier's metrics, in lines of at most `width` columns if the names of classes allow that. */
export function evaluationLines(title: string, labels: readonly string[], result: Metrics, width: number): string[] {
  const { count, accuracy, loss, macroF1, intervals } = result;
  const largest = largestClass(result);
  const matrix = matrixLines(labels, result, width);
  return [
    `${title}: ${formatCount(count)} texts`,
    `accuracy ${formatPercent(accuracy)}${formatInterval(intervals?.accuracy)}, loss ${loss.toFixed(3)}`,
    `macro F1 ${formatPercent(macroF1)}${formatInterval(intervals?.macroF1)}`,
    `majority-class baseline (always ${JSON.stringify(clip(labels[largest.place]!, LONG))}): accuracy ${formatPercent(largest.share)}`,
    "",
    ...(matrix ?? [...scoreLines(labels, result, []), ...confusionLines(labels, result)]),
    ...(intervals === null ? [] : ["", "In brackets: 95 % confidence intervals, for other texts of the same kind"]),
  ];
}

/** Scores beside the confusion table; null if it does not fit even with short names. */
function matrixLines(labels: readonly string[], result: Metrics, width: number): string[] | null {
  if (result.confusion === null) return null;
  for (let length = LONG; length >= SHORT; length--) {
    const names = labels.map((label) => clip(label, length));
    // Shortened names must stay different.
    if (new Set(names).size < new Set(labels.map((label) => clip(label, LONG))).size) return null;
    const lines = scoreLines(names, result, names);
    if (lines.every((line) => line.length <= width)) return lines;
    // With many classes not even the shortest names fit, and each try costs their square.
    if (labels.length * (SHORT + 2) > width) return null;
  }
  return null;
}

function scoreLines(names: readonly string[], { confusion, perClass }: Metrics, said: readonly string[]): string[] {
  const header = ["", ...said.map((name) => `said ${name}`), "precision", "recall", "F1", "texts"];
  const rows = perClass.map(({ precision, recall, f1, support }, i) => [
    `is ${clip(names[i]!, LONG)}`,
    ...said.map((_, j) => formatCount(confusion![i]![j]!)),
    ...[precision, recall, f1].map(formatPercent),
    formatCount(support),
  ]);
  return tableLines([header, ...rows], ["left", ...header.slice(1).map(() => "right" as const)]);
}

/** Confusions of classes, the most frequent first. */
function confusionLines(labels: readonly string[], result: Metrics): string[] {
  const { perClass } = result;
  const found = cellsIn(result).filter(({ truth, predicted }) => truth !== predicted);
  if (found.length === 0) return [];
  const name = (place: number) => clip(labels[place]!, LONG);
  const rows = found
    .toSorted((a, b) => b.count - a.count)
    .slice(0, CONFUSIONS)
    .map(({ truth, predicted, count }) => [
      `is ${name(truth)}`,
      `said ${name(predicted)}`,
      formatCount(count),
      formatPercent(count / perClass[truth]!.support),
    ]);
  const heading = ["most frequent confusions", "", "texts", "of the class"];
  return ["", ...tableLines([heading, ...rows], ["left", "left", "right", "right"])];
}
