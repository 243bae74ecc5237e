import { SingleBar } from "cli-progress";
import type { DownloadProgress } from "../../io/node/index.js";
import { stopwatch } from "../../waiting/next-task.js";
import { formatBytes, formatDuration } from "./number-format.js";
import type { Terminal } from "./terminal.js";

/** Work in progress. */
export interface Progress {
  /** @param done part of the total; @param note text beside it, such as the loss; default the remaining time */
  update(done: number, note?: string): void;
  stop(): void;
}

/** How progress is shown. */
export interface ProgressOptions {
  readonly total: number;
  /** Whether there are plain lines without a terminal; default false. */
  readonly lines?: boolean;
  /** Format of done and total; default whole numbers. */
  readonly format?: (value: number) => string;
}

const BAR_WIDTH = 24;
const TITLE_WIDTH = 14;
const FEW_TEXTS = 20;
/** Seconds between two plain lines. */
const SECONDS = 10;
const silent: Progress = { update() {}, stop() {} };

/** Shows progress: a bar on a terminal, elsewhere a plain line now and then if requested, nothing when quiet. */
export class ProgressReporter {
  /** @param say writes a plain line */
  constructor(
    private readonly terminal: Terminal,
    private readonly say: (line: string) => void,
    private readonly quiet: boolean,
  ) {}

  start(title: string, options: ProgressOptions): Progress {
    if (this.quiet) return silent;
    if (this.terminal.canRedraw) return this.bar(title, options);
    return options.lines === true ? this.lines(title, options) : silent;
  }

  /** Progress of texts through a model, on a terminal; no bar for few texts. */
  texts(title: string, total: number): Progress {
    return total < FEW_TEXTS ? silent : this.start(title, { total });
  }

  /** Called with the events of a download, file by file. Call `stop` when the model is loaded. */
  download(): { onProgress: (progress: Omit<DownloadProgress, "from">) => void; stop: () => void } {
    let file = "";
    let current: Progress | null = null;
    return {
      onProgress: (event) => {
        if (event.file !== file) {
          current?.stop();
          file = event.file;
          current = this.start(`fetching ${event.file}`, { total: event.total, format: formatBytes, lines: true });
        }
        current?.update(event.received);
      },
      stop: () => current?.stop(),
    };
  }

  private bar(title: string, { total, format = String }: ProgressOptions): Progress {
    const { cyan, dim } = this.terminal.errorColors;
    const bar = new SingleBar({
      format: `${title.padEnd(TITLE_WIDTH)} ${cyan("{bar}")} {done}/{all}  ${dim("{note}")}`,
      stream: this.terminal.streams.errors,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      barsize: BAR_WIDTH,
      fps: 10,
      gracefulExit: false,
    });
    const all = format(total);
    const fields = (done: number, note: string) => ({ done: format(done).padStart(all.length), all, note });
    let last = 0;
    const elapsed = stopwatch();
    bar.start(total, 0, fields(0, ""));
    return {
      update(done, note = timeLeft(elapsed() / 1000, done, total)) {
        last = done;
        bar.update(done, fields(done, note));
      },
      stop() {
        bar.update(last);
        bar.stop();
      },
    };
  }

  /** A line for the first update, then one in ten seconds, and one for the last. */
  private lines(title: string, { total, format = String }: ProgressOptions): Progress {
    const { secondsBetweenLines = SECONDS } = this.terminal.streams;
    const width = format(total).length;
    const elapsed = stopwatch();
    let next = 0;
    return {
      update: (done, note = "") => {
        if (done === 0 || (elapsed() < next && done < total)) return;
        next = elapsed() + 1000 * secondsBetweenLines;
        this.say(`${title.padEnd(TITLE_WIDTH)} ${format(done).padStart(width)}/${format(total)}  ${note}`.trimEnd());
      },
      stop() {},
    };
  }
}

/** Progress on the error stream, which carries no results. */
export function reporterOf(terminal: Terminal): ProgressReporter {
  return new ProgressReporter(terminal, (line) => terminal.error(line), false);
}

/** The remaining time at the speed so far, as text; empty before some work is done. */
function timeLeft(seconds: number, done: number, total: number): string {
  if (done === 0 || done >= total || seconds < 0.5) return "";
  return `${formatDuration((seconds / done) * (total - done))} left`;
}
