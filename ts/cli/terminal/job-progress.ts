import type { JobEvent } from "../../jobs/run-job.js";
import type { JobPhase } from "../../training/job-events.js";
import { formatCount, formatDuration } from "./number-format.js";
import type { Progress, ProgressReporter } from "./progress-bar.js";

type ProgressEvent = Extract<JobEvent, { readonly type: "progress" }>;

/** A phase's name, and its number of lines without a terminal. */
const phases: Readonly<Record<JobPhase, { readonly title: string; readonly lines: number }>> = {
  tokenize: { title: "tokenize", lines: 1 },
  "encode-validation": { title: "encode test", lines: 4 },
  "encode-train": { title: "encode train", lines: 4 },
  "head-only": { title: "head only", lines: 1 },
  train: { title: "train", lines: 20 },
  validate: { title: "test", lines: 2 },
  "final-fit": { title: "final fit", lines: 20 },
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
    const { title, lines } = phases[phase];
    this.phase = phase;
    this.bar = this.reporter.start(title, { total, lines });
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
