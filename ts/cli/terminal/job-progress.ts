import type { JobEvent } from "../../jobs/run-job.js";
import type { JobPhase } from "../../training/job-events.js";
import { formatCount, formatDuration } from "./number-format.js";
import type { Progress, ProgressReporter } from "./progress-bar.js";

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
