import { existsSync } from "node:fs";
import { folderStore, runFolds, type RunStore } from "../../entry/jobs-node.js";
import { AbortError } from "../../errors/errors.js";
import { type FoldsSoFar, readFolds } from "../../jobs/run-folds.js";
import { runFiles } from "../../training/store/run-store.js";
import type { JobSettings } from "../../tasks/index.js";
import { startEngine } from "../engine-start.js";
import { exitCodes } from "../exit-codes.js";
import { type WantedFolder, withRunFolder } from "../files/run-folder.js";
import { flagNames } from "../options/flag-names.js";
import type { Session } from "../session.js";
import { findingLines } from "../terminal/data-lines.js";
import { foldLines } from "../reports/fold-lines.js";
import { JobProgress } from "../terminal/job-progress.js";
import { ProgressReporter } from "../terminal/progress-bar.js";
import { introduction } from "../reports/introduction.js";
import { shellPath } from "../terminal/printable.js";

/** Options of `finetune --folds` besides the settings. */
export interface FoldsOptions extends WantedFolder {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The unfinished folds in a folder; null for none. Throws `FormatError` for damaged files. */
export async function unfinishedFolds(folder: string): Promise<FoldsSoFar | null> {
  const store = folderStore(folder);
  // A run's own files take precedence: it may have been started beside the folds.
  if ([runFiles.record, runFiles.checkpoint].some((blob) => existsSync(store.place(blob)))) return null;
  return readFolds(store);
}

/** Cross-validation instead of one run: a table, and a folder with folds.json. */
export async function crossValidate(
  settings: JobSettings,
  folds: number,
  options: FoldsOptions,
  session: Session,
): Promise<void> {
  const { terminal, signal, self } = session;
  const say = (...lines: string[]) => {
    for (const line of lines) {
      if (options.json) terminal.error(line);
      else if (!options.quiet) terminal.print(line);
    }
  };
  const allow = "allow" in settings ? settings.allow : [];
  await withRunFolder(options, async (store) => {
    await startEngine(settings);
    const reporter = () => new ProgressReporter(terminal, (line) => terminal.error(line), options.quiet);
    const progress = new JobProgress(reporter(), reporter());
    let first = true;
    const running = runFolds(settings, folds, store, {
      signal,
      optionNames: flagNames,
      onProgress(event) {
        progress.show(event);
        if (event.type === "warning") terminal.error(event.message);
        if (event.type === "data") say(...findingLines(event.summary, allow, terminal.colors));
        if (event.type === "ready") say(...introduction(event.job, store.name, terminal.colors), "");
        if (event.type !== "fold") return;
        if (first && event.fold > 1) say(`Continuing after fold ${event.fold - 1} of ${event.folds}`);
        first = false;
        say(`Fold ${event.fold} of ${event.folds}`);
      },
    });
    const report = await running
      .finally(() => progress.stop())
      .catch((error: unknown) => {
        if (!(error instanceof AbortError)) throw error;
        return explainStop(store, folds, session);
      });
    if (report === null) return;
    if (options.json) terminal.print(JSON.stringify({ run: store.name, ...report }));
    else if (options.quiet) terminal.print(store.name);
    else for (const line of foldLines(report, store.place(runFiles.folds), self, terminal.colors)) terminal.print(line);
  });
}

async function explainStop(store: RunStore, folds: number, session: Session): Promise<null> {
  const { terminal, self } = session;
  session.exitCode = exitCodes.interrupted;
  const done = (await readFolds(store))?.done.length ?? 0;
  if (done === 0) {
    terminal.error("Stopped before the first fold was finished; nothing was written.");
    return null;
  }
  terminal.error(`Stopped after fold ${done} of ${folds}; the finished folds are in ${store.name}. To continue:`);
  terminal.error(`  ${terminal.errorColors.cyan(`${self} finetune --resume ${shellPath(store.name)}`)}`);
  return null;
}
