import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AbortError, ConfigError } from "../../errors.js";
import { writeFilesAtomically } from "../../io/node/index.js";
import { dropHistory, readCheckpoint, removeCheckpoint, type Resumed } from "../../jobs/checkpoint-file.js";
import { exitCodes } from "../exit-codes.js";
import {
  addFinetuneOptions,
  checkAgainst,
  type DataSettings,
  type FinetuneOptions,
  resolveSettings,
} from "../options/finetune-options.js";
import { packageRoot } from "../package-root.js";
import { ProgressReporter } from "../terminal/progress-bar.js";
import { runFiles, withRunFolder } from "../files/run-folder.js";
import { outputFiles, reportOf, withoutSteps } from "../../jobs/run-output.js";
import { introduction, nextLines, resultTable, sampleLines, speedLine, writtenLines } from "../terminal/run-summary.js";
import { pickSamples } from "../../jobs/sample-predictions.js";
import type { Session } from "../session.js";
import { checkResumable, prepare, train } from "../../jobs/train-run.js";
import type { TrainingSettings } from "../../jobs/training-settings.js";

const EXAMPLES = `
Examples:
  lowrank finetune
  lowrank finetune --data reviews.csv --text body --label stars --epochs 3 --out runs/reviews
  lowrank finetune --resume runs/reviews
`;

/** `lowrank finetune`: the main job. */
export function defineFinetune(program: Command, session: Session): void {
  const command = program
    .command("finetune")
    .description("train a LoRA adapter and a classification head on labelled texts");
  addFinetuneOptions(command)
    .addHelpText("after", EXAMPLES)
    .action((options: FinetuneOptions) => finetune(options, session));
}

async function finetune(options: FinetuneOptions, session: Session): Promise<void> {
  const { terminal, signal } = session;
  const fresh = options.resume === undefined ? withAbsolutePaths(resolveSettings(options, exampleData)) : null;
  const heard = () => {
    if (!terminal.outputFailed.aborted) terminal.error("\nstopping; Ctrl-C again quits at once");
  };
  signal.addEventListener("abort", heard, { once: true });
  try {
    await withRunFolder(options, async (folder) => {
      const resumed = fresh === null ? readCheckpoint(folder) : null;
      if (resumed !== null) checkAgainst(withAbsolutePaths(options), resumed.run.settings);
      const settings = fresh ?? resumed!.run.settings;
      await runIn(folder, settings, resumed, options, session).catch(async (error: unknown) => {
        await dropHistory(folder);
        if (error instanceof AbortError) explainStop(folder, session);
        else throw withCheckpoint(error, folder);
      });
    });
  } finally {
    signal.removeEventListener("abort", heard);
  }
}

async function runIn(
  folder: string,
  settings: TrainingSettings,
  resumed: Resumed | null,
  { json, quiet, samples: count }: FinetuneOptions,
  session: Session,
): Promise<void> {
  const { terminal, self } = session;
  // What a script reads is on the output; what a person reads then goes to the error stream.
  const colors = json ? terminal.errorColors : terminal.colors;
  const say = (...lines: string[]) => {
    if (quiet) return;
    for (const line of lines) {
      if (json) terminal.error(line);
      else terminal.print(line);
    }
  };
  const prepared = await prepare(settings, session, quiet);
  try {
    if (resumed !== null) {
      checkResumable(folder, resumed, prepared);
      say(`Going on after step ${resumed.checkpoint.step} of ${prepared.steps}`);
    }
    say(...introduction(prepared, folder, colors), "");
    const trained = await train(prepared, folder, resumed, new ProgressReporter(terminal, say, quiet), session);
    const report = reportOf(prepared, trained);
    await writeFilesAtomically(folder, outputFiles(prepared, report));
    await removeCheckpoint(folder);
    const samples = pickSamples(trained.predictions, count, settings.seed);
    say("", ...resultTable(report, colors), "", speedLine(report), "");
    if (samples.length > 0) say("Some test texts", ...sampleLines(samples, terminal.width, colors), "");
    say(...writtenLines(folder, colors), "", ...nextLines(self, folder, samples, colors));
    if (json) terminal.print(JSON.stringify(withoutSteps(folder, report)));
    else if (quiet) terminal.print(folder);
  } finally {
    prepared.encoder.dispose();
  }
}

function explainStop(folder: string, session: Session): void {
  const { terminal, self } = session;
  session.exitCode = exitCodes.interrupted;
  if (!existsSync(join(folder, runFiles.checkpoint))) {
    terminal.error("Stopped before training began; nothing was written.");
    return;
  }
  const { checkpoint } = readCheckpoint(folder);
  const { cyan } = terminal.errorColors;
  const when = checkpoint.step === 0 ? "before the first step" : `after step ${checkpoint.step}`;
  terminal.error(`Stopped ${when}; the checkpoint is in ${folder}. To go on:`);
  terminal.error(`  ${cyan(`${self} finetune --resume ${folder}`)}`);
}

/** An error that ends a run, with where the run can be taken up again. */
function withCheckpoint(error: unknown, folder: string): unknown {
  if (!(error instanceof Error) || !existsSync(join(folder, runFiles.checkpoint))) return error;
  error.message += `\nThe last checkpoint is kept in ${folder}`;
  return error;
}

/** The movie reviews that come with the repository. Throws `ConfigError` where they do not. */
function exampleData(): DataSettings {
  const folder = join(packageRoot(), "examples/movie");
  const [data, validation] = [join(folder, "movie_train.tsv"), join(folder, "movie_test.tsv")];
  if (!existsSync(data) || !existsSync(validation)) {
    throw new ConfigError(`the example data are not in ${folder}: name your own with --data FILE`, { folder });
  }
  // No header: label, rating, text.
  return { data, validation, text: "2", label: "0", labelNames: { 0: "negative", 1: "positive" } };
}

/** With paths that still lead there from another working folder. */
function withAbsolutePaths<T extends { data?: string; validation?: string | null; model?: string }>(paths: T): T {
  const absolute: { data?: string; validation?: string; model?: string } = {};
  if (paths.data !== undefined) absolute.data = resolve(paths.data);
  if (typeof paths.validation === "string") absolute.validation = resolve(paths.validation);
  if (paths.model !== undefined && existsSync(paths.model)) absolute.model = resolve(paths.model);
  return { ...paths, ...absolute };
}
