import { existsSync } from "node:fs";
import { join } from "node:path";
import { type JobOptions, runJob, type RunStore } from "../../entry/jobs-node.js";
import { writeFilesAtomically } from "../../entry/node.js";
import type { FileMap } from "../../io/file-map.js";
import { type JobSettings, type TaskName, taskOf } from "../../tasks/index.js";
import type { TaskReport } from "../../training/result/report.js";
import { runFiles } from "../../training/store/run-files.js";
import { exitCodes } from "../exit-codes.js";
import { followRun, printRun } from "../followed-run.js";
import type { FinetuneOptions } from "../options/finetune-options.js";
import type { Session } from "../session.js";
import { introduction } from "../terminal/introductions.js";
import { runReporter } from "../terminal/run-reporter.js";
import { multiLabelResult } from "../terminal/multi-label-summary.js";
import { languageNext, languageResult } from "../terminal/language-summary.js";
import { pairsNext, taskNext, taskResult } from "../terminal/task-summary.js";
import type { Terminal } from "../terminal/terminal.js";
import { tokenNext, tokenResult } from "../terminal/token-summary.js";

/**
 * The folder in a run's with the head-only model, where one was fitted beside the adapter; of one label a text, if there are few examples of
 * each.
 */
export function headOnlyFolder(folder: string) {
  const path = join(folder, "head-only");
  return {
    path,
    exists: () => existsSync(path),
    onHeadOnly: (files: FileMap) => writeFilesAtomically(path, files),
  };
}

/** How a finished run is shown. */
interface Shown<R> {
  result(self: string, report: R, colors: Terminal["colors"]): string[];
  /** @param has what the run's folder has beside the usual files: the adapter as GGUF, the folder of the head-only model */
  next(
    self: string,
    folder: string,
    report: R,
    colors: Terminal["colors"],
    has: { readonly gguf: boolean; readonly headOnly: boolean },
  ): string[];
}

const language: Shown<never> = {
  result: (_, report, colors) => languageResult(report, colors),
  next: (self, folder, report, colors, { gguf }) => languageNext(self, folder, report, gguf, colors),
};

/** Tasks that show more than their metrics. */
const own: Readonly<Partial<Record<TaskName, Shown<never>>>> = {
  "multi-label": { result: multiLabelResult, next: taskNext },
  tokens: { result: tokenResult, next: tokenNext },
  pairs: { result: taskResult, next: pairsNext },
  rank: { result: taskResult, next: pairsNext },
  text: language,
  chat: language,
  preferences: { result: taskResult, next: language.next },
};

/** Trains in a run's folder, and shows how it goes: of every task that needs no more than its introduction, its result and where it is. */
export async function finetuneTask(
  store: RunStore,
  settings: JobSettings,
  options: Pick<FinetuneOptions, "json" | "quiet">,
  session: Session,
): Promise<void> {
  const { terminal, self } = session;
  const { name: folder } = store;
  const reporter = runReporter(terminal, options);
  const { colors, say } = reporter;
  const task = taskOf(settings);
  const { exists, onHeadOnly } = headOnlyFolder(folder);
  const run = (job: JobOptions) =>
    runJob(settings, store, { ...job, onHeadOnly }) as Promise<{ readonly report: TaskReport }>;
  const { report } = await followRun(settings, session, reporter, run, (event) => {
    if (event.type === "ready") say(...introduction(event.job, folder, colors), "");
  });
  const { result, next } = (own[task] ?? { result: taskResult, next: taskNext }) as Shown<TaskReport>;
  const has = { gguf: await store.has(runFiles.gguf), headOnly: exists() };
  say("", ...result(self, report, colors), "", ...next(self, folder, report, colors, has));
  if (report.training.diverged) session.exitCode = exitCodes.error;
  printRun(terminal, options, folder, report);
}
