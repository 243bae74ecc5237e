import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { folderStore, type JobOptions, runFolds, runJob, runStatus, type RunStore } from "../../entry/jobs-node.js";
import { writeFilesAtomically } from "../../entry/node.js";
import { AbortError, ConfigError } from "../../errors/errors.js";
import { type FoldsSoFar, readFolds } from "../../jobs/run-folds.js";
import { type JobSettings, taskOf } from "../../tasks/index.js";
import { runFiles } from "../../training/store/run-store.js";
import { startEngine } from "../engine-start.js";
import { exitCodes, type Session } from "../session.js";
import { type WantedFolder, withRunFolder } from "../files/run-folder.js";
import { flagNames } from "../options/setting-flags.js";
import {
  addFinetuneOptions,
  checkAgainst,
  exampleData,
  type FinetuneOptions,
  freshSettings,
  withAbsolutePaths,
} from "../options/spec-options.js";
import { foldLines } from "../reports/fold-lines.js";
import { followRun, JobProgress, printRun, runReporter } from "../reports/follow-run.js";
import { introduction } from "../reports/introduction.js";
import type { FinishedRun, Page, RunView } from "../reports/run-view.js";
import { runViews } from "../reports/views.js";
import { findingLines } from "../terminal/data-lines.js";
import { shellPath } from "../terminal/terminal.js";
import { ProgressReporter } from "../terminal/progress-bar.js";

/** Options of `finetune --folds` besides the settings. */
interface FoldsOptions extends WantedFolder {
  readonly json: boolean;
  readonly quiet: boolean;
}

/** The unfinished folds in a folder; null for none. Throws `FormatError` for damaged files. */
async function unfinishedFolds(folder: string): Promise<FoldsSoFar | null> {
  const store = folderStore(folder);
  // A run's own files take precedence: it may have been started beside the folds.
  if ([runFiles.record, runFiles.checkpoint].some((blob) => existsSync(store.place(blob)))) return null;
  return readFolds(store);
}

/** Cross-validation instead of one run: a table, and a folder with folds.json. */
async function crossValidate(
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
        return explainStoppedFolds(store, folds, session);
      });
    if (report === null) return;
    if (options.json) terminal.print(JSON.stringify({ run: store.name, ...report }));
    else if (options.quiet) terminal.print(store.name);
    else for (const line of foldLines(report, store.place(runFiles.folds), self, terminal.colors)) terminal.print(line);
  });
}

async function explainStoppedFolds(store: RunStore, folds: number, session: Session): Promise<null> {
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

const EXAMPLES = `
Examples:
  lowrank finetune
  lowrank finetune --data reviews.csv --text body --label stars --epochs 3 --out runs/reviews
  lowrank finetune --data reviews.csv --head-only
  lowrank finetune --task tokens --data train.conll --test test.conll --out runs/names
  lowrank finetune --task chat --data conversations.jsonl --out runs/chat
  lowrank finetune --task text --data pairs.csv --fields prompt=question,completion=answer --model model.gguf
  lowrank finetune --resume runs/reviews
`;

/** `lowrank finetune`: the main job. */
export function defineFinetune(program: Command, session: Session): void {
  const command = program
    .command("finetune")
    .description(
      "train a LoRA adapter: a classifier of texts, or what --task names, such as words in texts, numbers, pairs for search, rerankers, preferences, chat",
    );
  addFinetuneOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((options: FinetuneOptions) => finetune(options, session));
}

async function finetune(options: FinetuneOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const fresh = options.resume === undefined ? freshSettings(options, exampleData) : null;
  const heard = () => {
    if (!terminal.outputFailed.aborted) terminal.error("\nstopping; press Ctrl-C again to quit at once");
  };
  signal.addEventListener("abort", heard, { once: true });
  try {
    const { folds, resume } = options;
    if (fresh !== null && folds !== undefined) {
      const whole = { ...fresh, validation: null, ...("test" in fresh && { test: null }) } as JobSettings;
      return await crossValidate(whole, folds, options, session);
    }
    const begun = resume === undefined ? null : await unfinishedFolds(resume);
    if (begun !== null) {
      checkAgainst(withAbsolutePaths(options), begun.settings);
      return await crossValidate(onDevice(begun.settings, options), begun.count, options, session);
    }
    await withRunFolder(options, async (store) => {
      const settings = fresh ?? onDevice(await settingsOf(store), options);
      if (fresh === null) checkAgainst(withAbsolutePaths(options), settings);
      const job = train(store, settings, options, session);
      await job.catch(async (error: unknown) => {
        if (error instanceof AbortError) await explainStop(store, session);
        else throw await withPlace(error, store);
      });
    });
  } finally {
    signal.removeEventListener("abort", heard);
  }
}

/** Trains in a run's folder; shows how it goes, the result and what was written. */
async function train(
  store: RunStore,
  settings: JobSettings,
  options: FinetuneOptions,
  session: Session,
): Promise<void> {
  const { terminal, self } = session;
  const { name: folder } = store;
  const reporter = runReporter(terminal, options);
  const { colors, say } = reporter;
  const page: Page = { self, colors, width: terminal.width };
  const view = runViews[taskOf(settings)] as RunView;
  const headOnly = join(folder, "head-only");
  const run = (job: JobOptions) =>
    runJob(settings, store, { ...job, onHeadOnly: (files) => writeFilesAtomically(headOnly, files) }) as Promise<
      Pick<FinishedRun, "report" | "predictions">
    >;
  const allow = "allow" in settings ? settings.allow : [];
  const { report, predictions = [] } = await followRun(settings, session, reporter, run, (event) => {
    if (event.type === "data") say(...findingLines(event.summary, allow, colors));
    if (event.type === "ready")
      say(...introduction(event.job, folder, colors), ...(view.advice?.(event.job, headOnly, page) ?? []), "");
  });
  const finished: FinishedRun = {
    folder,
    report,
    predictions,
    samples: options.samples,
    hasGguf: await store.has(runFiles.gguf),
    hasHeadOnly: existsSync(headOnly),
  };
  say("", ...view.result(finished, page), "", ...view.next(finished, page));
  if (report.training.diverged) session.exitCode = exitCodes.error;
  printRun(terminal, options, folder, report);
}

/** A run's settings, with the device on which it is resumed. */
const onDevice = (begun: JobSettings, { device = begun.device }: FinetuneOptions): JobSettings => ({
  ...begun,
  device,
});

/** The settings of the run to resume. Throws `ConfigError` if there is none. */
async function settingsOf(store: RunStore): Promise<JobSettings> {
  const { name: folder } = store;
  const run = await runStatus(store);
  if (run?.settings) return run.settings;
  if (await store.has(runFiles.folds))
    throw new ConfigError(
      `--resume ${folder}: these folds are finished, there is nothing to resume; \`lowrank inspect ${shellPath(folder)}\` shows the results`,
      { folder },
    );
  throw new ConfigError(
    run?.status === "finished"
      ? `--resume ${folder}: this run is finished, there is nothing to resume; start a new run without --resume`
      : `--resume ${folder}: expected a run's folder with ${runFiles.checkpoint} or ${runFiles.record}, found neither`,
    { folder },
  );
}

async function explainStop(store: RunStore, session: Session): Promise<void> {
  const { terminal, self } = session;
  session.exitCode = exitCodes.interrupted;
  const run = await runStatus(store);
  if (run === null) {
    terminal.error("Stopped before training began; nothing was written.");
    return;
  }
  const { cyan } = terminal.errorColors;
  const { step } = run;
  if (await store.has(runFiles.finalCheckpoint)) {
    terminal.error(`Stopped in the final fit; its checkpoint is in ${store.name}. To continue:`);
  } else
    terminal.error(
      step === null
        ? `Stopped before the first checkpoint; the run's settings are in ${store.name}. To start it again:`
        : `Stopped ${step === 0 ? "before the first step" : `after step ${step}`}; the checkpoint is in ${store.name}. To continue:`,
    );
  terminal.error(`  ${cyan(`${self} finetune --resume ${shellPath(store.name)}`)}`);
}

/** An error that ends a run, with the place of its remaining files. */
async function withPlace(error: unknown, store: RunStore): Promise<unknown> {
  if (!(error instanceof Error)) return error;
  if (await store.has(runFiles.checkpoint)) error.message += `\nThe last checkpoint is in ${store.name}`;
  else if (await store.has(runFiles.record)) error.message += `\nDetails are in ${store.place(runFiles.record)}`;
  return error;
}
