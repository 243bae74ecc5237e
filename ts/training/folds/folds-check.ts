import { ConfigError, FormatError } from "../../errors/errors.js";
import { type Cell, cellsIn, cellsOf } from "../../train/metrics/cells.js";
import type { Dataset } from "../data/dataset.js";
import { firstDifference } from "../spec/read-settings.js";
import type { TrainingSettings } from "../spec/training-settings.js";
import { runFiles, type RunStore } from "../store/run-store.js";
import type { FoldsOrigin, FoldsSoFar } from "./folds-so-far.js";

const what = "runFolds";
const other = "give what they began with, take another store, or remove that file";

/** Throws `ConfigError` where the folds that are done began with another spec. */
export function checkSame(
  { settings: began, count }: FoldsSoFar,
  settings: TrainingSettings,
  folds: number,
  store: RunStore,
) {
  const name = firstDifference(settings, began);
  if (name === null && count === folds) return;
  const [field, was, is] = name === null ? ["folds", count, folds] : [name, began[name], settings[name]];
  throw new ConfigError(
    `${what}: ${store.place(runFiles.foldsSoFar)} has folds that began with another spec: ${field} was ${JSON.stringify(was)}, now it is ` +
      `${JSON.stringify(is)}; ${other}`,
    { name: field, given: is, began: was },
  );
}

/** Throws `ConfigError` where files or engine are not those of the folds that are done. */
export function checkOrigin(began: FoldsOrigin, now: FoldsOrigin, { train }: Dataset, store: RunStore): void {
  const pairs: [what: string, was: string | number, is: string | number][] = [
    ["the model (weights, configuration or tokenizer)", began.modelHash, now.modelHash],
    [train.file, began.dataHash, now.dataHash],
    ["the build", began.build, now.build],
    ["the number of threads", began.threads, now.threads],
  ];
  const changed = pairs.find(([, was, is]) => was !== is);
  if (changed === undefined) return;
  const [name, was, is] = changed;
  throw new ConfigError(
    `${what}: the folds in ${store.place(runFiles.foldsSoFar)} would not go with others: ${name} changed since they began ` +
      `(${was}, now ${is}); ${other}`,
    { what: name, was, is },
  );
}

const inOrder = ({ truth, predicted, count }: Cell): Cell => ({ truth, predicted, count });

/** Throws `FormatError` where what was measured is not of these examples. */
export function checkMeasured({ done }: FoldsSoFar, truth: readonly (readonly number[])[], path: string): void {
  for (const [i, { result, predicted, headPredicted }] of done.entries()) {
    for (const [said, measured] of [
      [predicted, result.after],
      [headPredicted, result.headOnly],
    ] as const) {
      if (said === null) continue;
      const { length: classes } = measured!.perClass;
      const cells = said.length === truth[i]!.length ? cellsOf(truth[i]!, said, classes) : [];
      if (JSON.stringify(cells) === JSON.stringify(cellsIn(measured!).map(inOrder))) continue;
      const message = `${path}: fold ${i + 1} was measured on other examples than it has; remove the file to begin anew`;
      throw new FormatError(message, { file: path, fold: i + 1 });
    }
  }
}
