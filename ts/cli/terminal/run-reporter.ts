import { JobProgress } from "./job-progress.js";
import { ProgressReporter } from "./progress-bar.js";
import type { Terminal } from "./terminal.js";

/** How a run tells of itself. */
export interface RunReporter {
  /** What a script reads is on the output; what a person reads then goes to the error stream. */
  readonly colors: Terminal["colors"];
  /** Says lines, where it is not to be quiet. */
  say(...lines: string[]): void;
  readonly progress: JobProgress;
}

/** Makes one, by a command's options. */
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
