import { JobProgress } from "./job-progress.js";
import { ProgressReporter } from "./progress-bar.js";
import type { Terminal } from "./terminal.js";

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
