import type { ReadyJob } from "../../jobs/run-job.js";
import type { Sample } from "../../tasks/classify/report.js";
import type { TaskReport } from "../../training/result/report.js";
import { runFiles } from "../../training/store/run-store.js";
import { formatBytes, formatCount, formatDuration } from "../terminal/number-format.js";
import { tableLines } from "../terminal/table.js";
import type { Terminal } from "../terminal/terminal.js";

/** What lines for people are written with. */
export interface Page {
  /** How the program is called in commands that are shown. */
  readonly self: string;
  readonly colors: Terminal["colors"];
  /** Columns of the terminal. */
  readonly width: number;
}

/** A finished run. */
export interface FinishedRun<R = TaskReport> {
  readonly folder: string;
  readonly report: R;
  /** Every example of the test with its prediction; omitted by tasks whose examples have not just one label. */
  readonly predictions?: readonly Sample[];
  /** Number of predictions to show. */
  readonly samples: number;
  /** Whether the adapter was written as GGUF too. */
  readonly hasGguf: boolean;
  /** Whether a head-only model was written too. */
  readonly hasHeadOnly: boolean;
}

/** How runs of a task are shown. */
export interface RunView<R = TaskReport> {
  /**
   * Advice before training starts; default: none.
   * @param headOnly folder in which the run may save a head-only model
   */
  advice?(job: ReadyJob, headOnly: string, page: Page): string[];
  /** How good the result is. */
  result(run: FinishedRun<R>, page: Page): string[];
  /** The files that were written, and commands that use them. */
  next(run: FinishedRun<R>, page: Page): string[];
}

/** Rows of files that several tasks write. */
type FileRow = readonly [names: string, holds: string];
export const adapterRow: FileRow = [runFiles.adapter.join(", "), "the adapter, in PEFT's format"];
export const reportRow: FileRow = [runFiles.report, "settings, every step, results"];
export const curveRow: FileRow = [runFiles.curve, "the loss curve; open it in a browser"];
export const headOnlyRow: FileRow = ["head-only", "the head-only model: `predict --run` uses this folder too"];

/** Files of a run with what they hold, then commands to try. */
export function nextLines(
  folder: string,
  files: readonly FileRow[],
  commands: readonly string[],
  { self, colors: { dim, cyan } }: Page,
): string[] {
  return [
    `Written to ${folder}`,
    ...tableLines(files).map((line) => `  ${line.replace(/ {2,}.*$/, (holds) => dim(holds))}`),
    "",
    "Try next",
    ...commands.map((command) => `  ${cyan(`${self} ${command}`)}`),
  ];
}

/** Speed of training and its memory in one line; without steps only the memory. */
export function speedLine({ steps, seconds, tokensPerSecond, peakMemory }: TaskReport["training"]): string {
  const memory = `${formatBytes(peakMemory)} of linear memory at peak`;
  if (steps === 0) return memory;
  return `${formatCount(steps)} steps in ${formatDuration(seconds)}, ${formatCount(tokensPerSecond)} tokens/s, ${memory}`;
}
