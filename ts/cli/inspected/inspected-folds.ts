import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyFoldsReport, folderStore } from "../../entry/jobs-node.js";
import { ConfigError } from "../../errors/errors.js";
import { readFolds } from "../../jobs/run-folds.js";
import { takeFoldsReport } from "../../jobs/run-folds.js";
import { runFiles } from "../../training/store/run-store.js";
import type { FoldResult } from "../../training/folds/fold-kind.js";
import type { JobSettings } from "../../tasks/index.js";
import { foldTable, formatSpread } from "../terminal/fold-lines.js";
import { formatCount, formatInterval, formatPercent } from "../terminal/number-format.js";
import { clip } from "../terminal/table.js";
import { rowsOfSettings } from "./inspected-run.js";
import { shellPath } from "../terminal/shell-word.js";

/** What a folder holds of cross-validation. */
export interface InspectedFolds {
  /** Folds in all, and those that are done. */
  readonly count: number;
  readonly done: number;
  readonly settings: JobSettings;
  /** Results of those that are done. */
  readonly folds: readonly FoldResult[];
  /** folds.json; null until all are done. */
  readonly report: AnyFoldsReport | null;
}

const holds = (folder: string, name: string) => existsSync(join(folder, name));

/** Whether a folder holds folds, and no classifier beside them. */
export const holdsFolds = (folder: string): boolean =>
  (holds(folder, runFiles.folds) || holds(folder, runFiles.foldsSoFar)) &&
  ![...runFiles.adapter, ...runFiles.head].some((name) => holds(folder, name));

/** The folds in a folder; null where it holds none. Throws `FormatError` where they are damaged. */
export async function inspectFolds(folder: string): Promise<InspectedFolds | null> {
  const path = join(folder, runFiles.folds);
  // The report first: where both stand, only the removal of what led to it was interrupted.
  if (!existsSync(path)) {
    const begun = await readFolds(folderStore(folder));
    if (begun === null) return null;
    const { count, settings, done } = begun;
    return { count, done: done.length, settings, folds: done.map(({ result }) => result), report: null };
  }
  const report = takeFoldsReport(readFileSync(path), path);
  const { folds, settings } = report;
  return { count: folds.length, done: folds.length, settings, folds, report };
}

const noModel = (self: string) =>
  `none: each fold's is given up; \`${self} finetune\` with the same options but --folds trains one`;

/** Rows that say what the folds are, what they gave, and what they are not. */
export function foldsRows(
  folder: string,
  self: string,
  { count, done, settings, folds, report }: InspectedFolds,
): string[][] {
  const rows = rowsOfSettings(settings);
  const table = (isWhole: boolean) =>
    foldTable(settings, folds, isWhole).map((line, i) => [i === 0 ? "results" : "", line]);
  if (report === null)
    return [
      ["folds", `cross-validation, ${done} of ${count} folds done`],
      ...rows,
      ...(done === 0 ? [] : table(false)),
      ["model", noModel(self)],
      ["to go on", `${self} finetune --resume ${shellPath(folder)}`],
    ];
  const title = ["folds", `cross-validation, all ${count} folds done, ${clip(report.created, 40)}`];
  const last = ["model", noModel(self)];
  if (!("pooled" in report)) return [title, ...rows, ...table(true), last];
  const { labels, accuracy, macroF1, headOnly, pooled } = report;
  const alone = headOnly === null || report.settings.headOnly ? "" : `, ${formatSpread(headOnly)} the head alone`;
  const together = `${formatPercent(pooled.accuracy)}${formatInterval(pooled.intervals?.accuracy)}`;
  return [
    title,
    ...rows,
    ["labels", clip(labels.join(", "), 80)],
    ["accuracy", `${formatSpread(accuracy)}${alone}; all ${formatCount(pooled.count)} texts together ${together}`],
    ["macro F1", formatSpread(macroF1)],
    last,
  ];
}

/** Throws `ConfigError` where a folder that is to have a classifier holds folds. */
export function refuseFolds(folder: string): void {
  if (!holdsFolds(folder)) return;
  const goOn = !holds(folder, runFiles.folds)
    ? ` (to go on with them: \`lowrank finetune --resume ${shellPath(folder)}\`)`
    : "";
  throw new ConfigError(
    `${folder} holds cross-validation's folds, which keep no model${goOn}: train one with \`lowrank finetune\` and the same options ` +
      `but --folds, then name its folder; \`lowrank inspect ${shellPath(folder)}\` shows what the folds gave`,
    { folder },
  );
}
