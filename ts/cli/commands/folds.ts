import { runFolds } from "../../entry/jobs-node.js";
import { runFiles } from "../../jobs/store/run-store.js";
import type { FoldsReport, FoldSpread } from "../../jobs/run-folds.js";
import type { TrainingSettings } from "../../jobs/spec/training-settings.js";
import { startEngine } from "../engine-start.js";
import { withRunFolder } from "../files/run-folder.js";
import { flagWords } from "../options/job-words.js";
import type { Session } from "../session.js";
import { JobProgress } from "../terminal/job-progress.js";
import { formatCount, formatInterval, formatPercent } from "../terminal/number-format.js";
import { ProgressReporter } from "../terminal/progress-bar.js";
import { tableLines } from "../terminal/table.js";

/** What `finetune --folds` takes beside the settings. */
export interface FoldsOptions {
  readonly out?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Cross-validation in place of one run: a table, and a folder with folds.json. */
export async function crossValidate(
  settings: TrainingSettings,
  folds: number,
  options: FoldsOptions,
  { terminal, signal }: Session,
): Promise<void> {
  const say = (line: string) => {
    if (options.json) terminal.error(line);
    else if (!options.quiet) terminal.print(line);
  };
  await withRunFolder(options, async (store) => {
    await startEngine(settings);
    const reporter = () => new ProgressReporter(terminal, (line) => terminal.error(line), options.quiet);
    const progress = new JobProgress(reporter(), reporter());
    const report = await runFolds(settings, folds, store, {
      signal,
      words: flagWords,
      onProgress(event) {
        progress.show(event);
        if (event.type === "warning") terminal.error(event.message);
        if (event.type === "fold") say(`Fold ${event.fold} of ${event.folds}`);
      },
    }).finally(() => progress.stop());
    if (options.json) terminal.print(JSON.stringify({ run: store.name, ...report }));
    else if (options.quiet) terminal.print(store.name);
    else for (const line of foldLines(report, store.place(runFiles.folds))) terminal.print(line);
  });
}

function foldLines({ folds, accuracy, macroF1, loss, headOnly, pooled }: FoldsReport, file: string): string[] {
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
  return [
    "",
    ...tableLines([header, ...rows, last], ["left", "right", "right", "right", "right", "right"]),
    "",
    `all ${formatCount(pooled.count)} texts: accuracy ${formatPercent(pooled.accuracy)}${formatInterval(pooled.intervals?.accuracy)}, ` +
      `macro F1 ${formatPercent(pooled.macroF1)}${formatInterval(pooled.intervals?.macroF1)}`,
    `Written to ${file}`,
  ];
}
