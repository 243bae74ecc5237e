import type { Command } from "commander";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { AbortError, ConfigError } from "../errors.js";
import { writeFilesAtomically } from "../io/node/index.js";
import { readCheckpoint, removeCheckpoint } from "./checkpoint-file.js";
import { exitCodes } from "./exit-codes.js";
import {
  addFinetuneOptions,
  checkAgainst,
  type DataSettings,
  type FinetuneOptions,
  resolveSettings,
} from "./finetune-options.js";
import { lossCurve } from "./loss-curve.js";
import { formatPercent } from "./number-format.js";
import { packageRoot } from "./package-root.js";
import { ProgressReporter } from "./progress-bar.js";
import { newRunFolder, runFiles } from "./run-folder.js";
import { reportEngine, reportFile, reportProgram, reportTraining, type RunReport } from "./run-report.js";
import { introduction, nextLines, resultTable, sampleLines, speedLine, writtenLines } from "./run-summary.js";
import { pickSamples } from "./sample-predictions.js";
import type { Session } from "./session.js";
import {
  checkResumable,
  type Prepared,
  prepare,
  type Resumed,
  type RunState,
  train,
  type Trained,
} from "./train-run.js";
import { formatTargets } from "./training-settings.js";

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
  const resumed = options.resume === undefined ? null : (readCheckpoint<RunState>(options.resume) satisfies Resumed);
  if (resumed !== null) checkAgainst(withAbsolutePaths(options), resumed.run.settings);
  const settings = resumed?.run.settings ?? withAbsolutePaths(resolveSettings(options, exampleData));
  const folder = options.resume ?? newRunFolder(options.out);
  // What a script reads is on the output; what a person reads then goes to the error stream.
  const colors = options.json ? terminal.errorColors : terminal.colors;
  const say = (...lines: string[]) => {
    if (options.quiet) return;
    for (const line of lines) {
      if (options.json) terminal.error(line);
      else terminal.print(line);
    }
  };
  const heard = () => terminal.error("\nstopping; Ctrl-C again quits at once");
  signal.addEventListener("abort", heard, { once: true });
  const prepared = await prepare(settings, session, options.quiet);
  try {
    if (resumed !== null) {
      checkResumable(resumed, prepared);
      say(`Going on after step ${resumed.checkpoint.step} of ${prepared.steps}`);
    }
    say(...introduction(prepared, folder, colors), "");
    const progress = new ProgressReporter(terminal, (line) => say(line), options.quiet);
    const trained = await train(prepared, folder, resumed, progress, session);
    const report = reportOf(prepared, trained);
    await writeFilesAtomically(folder, runOutput(prepared, report));
    await removeCheckpoint(folder);
    const samples = pickSamples(trained.predictions, options.samples, settings.seed);
    say("", ...resultTable(report, colors), "", speedLine(report), "");
    if (samples.length > 0) say("Some test texts", ...sampleLines(samples, terminal.width, colors), "");
    say(...writtenLines(folder, colors), "", ...nextLines(session.self, folder, samples, colors));
    if (options.json) terminal.print(JSON.stringify(summary(folder, report)));
    else if (options.quiet) terminal.print(folder);
  } catch (error) {
    if (!(error instanceof AbortError)) throw error;
    explainStop(folder, session);
  } finally {
    signal.removeEventListener("abort", heard);
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
  const { checkpoint } = readCheckpoint<RunState>(folder);
  const { cyan } = terminal.errorColors;
  terminal.error(`Stopped after step ${checkpoint.step}; the checkpoint is in ${folder}. To go on:`);
  terminal.error(`  ${cyan(`${self} finetune --resume ${folder}`)}`);
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

function reportOf(prepared: Prepared, trained: Trained): RunReport {
  const { settings, engine, model, modelHash, dataset, parameters } = prepared;
  const { baseline, after, steps, peakMemory } = trained;
  const reported = ({ file, sha256, examples }: Prepared["dataset"]["train"]) => ({
    file,
    sha256,
    examples: examples.length,
  });
  return {
    ...reportProgram(),
    settings,
    model: { name: model.name, source: settings.model, sha256: modelHash },
    data: { train: reported(dataset.train), validation: reported(dataset.validation), labels: dataset.labels },
    parameters,
    engine: reportEngine(engine),
    result: { ...baseline, after },
    training: reportTraining(steps, peakMemory),
    steps,
  };
}

function runOutput({ classifier, dataset, settings }: Prepared, report: RunReport) {
  const { before, headOnly, after } = report.result;
  const name = report.model.name.split(/[/\\]/).at(-1)!;
  const subtitle = [
    headOnly === null ? "" : `head alone ${formatPercent(headOnly.accuracy)}`,
    `rank ${settings.rank}, alpha ${settings.alpha} on ${formatTargets(settings.targetModules)}`,
    `${report.training.steps} steps of ${settings.batchSize}`,
    dataset.train.file,
  ];
  const curve = lossCurve(report.steps, {
    title: `${name} with LoRA: ${formatPercent(before.accuracy)} → ${formatPercent(after.accuracy)} of test texts right`,
    subtitle: subtitle.filter(Boolean).join(" · "),
    classes: dataset.labels.length,
  });
  return {
    ...classifier.save(),
    [runFiles.report]: reportFile(report),
    [runFiles.curve]: new TextEncoder().encode(curve),
  };
}

/** The report without its steps: what a script wants to know. */
function summary(folder: string, { steps: _, ...report }: RunReport) {
  return { run: folder, ...report };
}
