import type { JobEvent, JobOptions } from "../../entry/jobs-node.js";
import type { JobPhase } from "../../training/job-events.js";
import { type EngineOptions, startEngine } from "../engine-start.js";
import { flagNames } from "../options/setting-flags.js";
import type { Session } from "../session.js";
import { formatCount, formatDuration } from "../terminal/number-format.js";
import { type Progress, ProgressReporter } from "../terminal/progress-bar.js";
import type { Terminal } from "../terminal/terminal.js";

type ProgressEvent = Extract<JobEvent, { readonly type: "progress" }>;

/** Names of phases. */
const titles: Readonly<Record<JobPhase, string>> = {
  tokenize: "tokenize",
  "encode-validation": "encode test",
  "encode-train": "encode train",
  "head-only": "head only",
  train: "train",
  validate: "test",
  "final-fit": "final fit",
};

/** Shows a job's events as progress: the download of its model, then a bar for each phase. Call `stop` when the job has ended. */
export class JobProgress {
  private readonly download: ReturnType<ProgressReporter["download"]>;
  private phase: JobPhase | null = null;
  private bar: Progress | null = null;

  /** @param downloads shows the download; @param reporter shows the phases */
  constructor(
    downloads: ProgressReporter,
    private readonly reporter: ProgressReporter,
  ) {
    this.download = downloads.download();
  }

  show(event: JobEvent): void {
    if (event.type === "download") this.download.onProgress(event);
    else if (event.type === "model") this.download.stop();
    else if (event.type === "progress") this.update(event);
  }

  stop(): void {
    this.download.stop();
    this.bar?.stop();
    this.bar = null;
  }

  private update(event: ProgressEvent): void {
    const { phase, done, total } = event;
    if (phase === this.phase) return this.bar?.update(done, describe(event) || undefined);
    this.bar?.stop();
    this.phase = phase;
    this.bar = this.reporter.start(titles[phase], { total, lines: true });
  }
}

function describe({ loss, tokensPerSecond, secondsLeft }: ProgressEvent): string {
  const parts = [
    ...(loss === undefined ? [] : [`loss ${loss.toFixed(3)}`]),
    ...(tokensPerSecond === undefined ? [] : [`${formatCount(tokensPerSecond)} tokens/s`]),
    ...(secondsLeft === undefined ? [] : [`${formatDuration(secondsLeft)} left`]),
  ];
  return parts.join("  ");
}

/** Where a run reports. */
export interface RunReporter {
  /** Results for scripts go to the output; text for people then goes to the error stream. */
  readonly colors: Terminal["colors"];
  /** Prints lines, unless quiet. */
  say(...lines: string[]): void;
  readonly progress: JobProgress;
}

/** A reporter by a command's options. */
export function runReporter(
  terminal: Terminal,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
): RunReporter {
  const say = (...lines: string[]) => {
    if (quiet) return;
    for (const line of lines) {
      if (json) terminal.error(line);
      else terminal.print(line);
    }
  };
  const progress = new JobProgress(
    new ProgressReporter(terminal, (line) => terminal.error(line), quiet),
    new ProgressReporter(terminal, say, quiet),
  );
  return { colors: json ? terminal.errorColors : terminal.colors, say, progress };
}

/**
 * Starts the engine and runs a job, whatever it trains: its progress and its warnings are shown, and each event is `heard`.
 *
 * @param run begins the job with the options it is given
 */
export async function followRun<R>(
  settings: EngineOptions,
  { terminal, signal }: Session,
  { progress }: RunReporter,
  run: (options: JobOptions) => Promise<R>,
  heard: (event: JobEvent) => void,
): Promise<R> {
  await startEngine(settings);
  const job = run({
    signal,
    optionNames: flagNames,
    onProgress(event) {
      progress.show(event);
      if (event.type === "warning" || event.type === "fallback") terminal.error(event.message);
      heard(event);
    },
  });
  return job.finally(() => progress.stop());
}

/** What a script reads of a finished run: with `json` the report but its steps, else with `quiet` the run's folder. */
export function printRun(
  terminal: Terminal,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  folder: string,
  { steps: _, ...known }: { readonly steps: unknown },
): void {
  if (json) terminal.print(JSON.stringify({ run: folder, ...known }));
  else if (quiet) terminal.print(folder);
}
