import type { TaskName } from "../../tasks/index.js";
import { cellsIn } from "../../train/metrics/cells.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { TrainedMeasurement } from "../../training/task-definition.js";
import { labelLines } from "./multi-label-view.js";
import { formatCount, formatPercent } from "../terminal/number-format.js";
import { clip, tableLines } from "../terminal/table.js";
import { metricCells } from "./metrics-view.js";
import type { Terminal } from "../terminal/terminal.js";
import { entityLines } from "./token-view.js";

type Classes = Pick<Metrics, "perClass" | "confusion" | "confusionCells">;

/** Longest name of a class to show, and the shortest that still distinguishes classes. */
const [LONG, SHORT] = [16, 4];
/** Number of confusions to list if their table does not fit. */
const CONFUSIONS = 10;

/** A measurement: its metrics, and each class, kind of entity or label by itself. @param names those of the model's classes */
export function evaluationLines(
  task: TaskName,
  names: readonly string[],
  found: TrainedMeasurement,
  { width, colors }: Pick<Terminal, "width" | "colors">,
): string[] {
  const { metrics, labels, perClass, perEntity, largestClass = 0 } = found;
  const hasInterval = Object.values(metrics).some(({ interval }) => interval !== undefined);
  return [
    ...tableLines(metricCells({ task, metrics })),
    ...(perClass === undefined ? [] : [baselineLine(names, perClass, largestClass)]),
    ...(hasInterval ? ["In brackets: 95 % confidence intervals, for other texts of the same kind"] : []),
    ...(perClass === undefined ? [] : ["", ...classLines(names, { confusion: null, ...found, perClass }, width)]),
    ...(perEntity === undefined ? [] : ["", ...entityLines({ perEntity })]),
    ...(labels === undefined ? [] : ["", ...labelLines(labels, "with --json", colors)]),
  ];
}

/** The accuracy of the majority-class baseline. */
function baselineLine(names: readonly string[], perClass: Classes["perClass"], accuracy: number): string {
  const supports = perClass.map(({ support }) => support);
  const name = clip(names[supports.indexOf(Math.max(...supports))]!, LONG);
  return `majority-class baseline (always ${JSON.stringify(name)}): accuracy ${formatPercent(accuracy)}`;
}

/** Scores of classes and their confusions, in lines of at most `width` columns if the names allow that. */
const classLines = (names: readonly string[], classes: Classes, width: number) =>
  matrixLines(names, classes, width) ?? [...scoreLines(names, classes, []), ...confusionLines(names, classes)];

/** Scores beside the confusion table; null if it does not fit even with short names. */
function matrixLines(labels: readonly string[], result: Classes, width: number): string[] | null {
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

function scoreLines(names: readonly string[], { confusion, perClass }: Classes, said: readonly string[]): string[] {
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
function confusionLines(labels: readonly string[], result: Classes): string[] {
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
