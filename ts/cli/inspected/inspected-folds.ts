import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type AnyFoldsReport, folderStore } from "../../entry/jobs-node.js";
import { ConfigError } from "../../errors/errors.js";
import { readFolds } from "../../jobs/run-folds.js";
import { takeFoldsReport } from "../../jobs/run-folds.js";
import { runFiles } from "../../training/store/run-store.js";
import type { FoldResult } from "../../training/folds/fold-kind.js";
import type { JobSettings } from "../../tasks/index.js";
import { foldTable } from "../reports/fold-lines.js";
import { formatCount, formatInterval, formatPercent } from "../terminal/number-format.js";
import { clip, shellPath } from "../terminal/terminal.js";
import { rowsOfSettings } from "./inspected-run.js";

/** A folder's cross-validation. */
export interface InspectedFolds {
  /** Number of folds, and of finished ones. */
  readonly count: number;
  readonly done: number;
  readonly settings: JobSettings;
  /** Results of the finished ones. */
  readonly folds: readonly FoldResult[];
  /** folds.json; null until all are finished. */
  readonly report: AnyFoldsReport | null;
}

const holds = (folder: string, name: string) => existsSync(join(folder, name));

/** Whether a folder has folds and no classifier. */
export const holdsFolds = (folder: string): boolean =>
  (holds(folder, runFiles.folds) || holds(folder, runFiles.foldsSoFar)) &&
  ![...runFiles.adapter, ...runFiles.head].some((name) => holds(folder, name));

/** The folds in a folder; null for none. Throws `FormatError` for damaged files. */
export async function inspectFolds(folder: string): Promise<InspectedFolds | null> {
  const path = join(folder, runFiles.folds);
  // The report first: if both files exist, only the removal of the other was interrupted.
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
  `none: folds keep no model; \`${self} finetune\` with the same options without --folds trains one`;

/** Rows about the folds and their results. */
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
      ["to continue", `${self} finetune --resume ${shellPath(folder)}`],
    ];
  const title = ["folds", `cross-validation, all ${count} folds done, ${clip(report.created, 40)}`];
  const last = ["model", noModel(self)];
  if (!("pooled" in report)) return [title, ...rows, ...table(true), last];
  const { labels, pooled } = report;
  const together = `${formatPercent(pooled.accuracy)}${formatInterval(pooled.intervals?.accuracy)}`;
  return [
    title,
    ...rows,
    ["labels", clip(labels.join(", "), 80)],
    ...table(true),
    ["accuracy", `all ${formatCount(pooled.count)} texts together ${together}`],
    last,
  ];
}

/** Throws `ConfigError` if a folder has folds instead of a classifier. */
export function refuseFolds(folder: string): void {
  if (!holdsFolds(folder)) return;
  const goOn = !holds(folder, runFiles.folds)
    ? ` (to continue them: \`lowrank finetune --resume ${shellPath(folder)}\`)`
    : "";
  throw new ConfigError(
    `${folder} has the folds of a cross-validation, which keep no model${goOn}: train one with \`lowrank finetune\` and the same options ` +
      `without --folds, then name its folder; \`lowrank inspect ${shellPath(folder)}\` shows the folds' results`,
    { folder },
  );
}
