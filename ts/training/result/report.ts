import type { EngineInfo } from "../../engine/running.js";
import type { FitEvaluation, StepRecord } from "../../train/fit-options.js";
import type { Interval } from "../../train/metrics/bootstrap.js";
import { VERSION } from "../../version.js";
import type { JobEstimate } from "../estimate/job-needs.js";
import type { RunSettings } from "../spec/run-settings.js";

/** The model that was trained on. */
export interface ReportedModel {
  /** What adapters name as their base. */
  readonly name: string;
  /** What the run's spec called it. */
  readonly source: string;
  /** SHA-256 over the hashes of the files that decide what it computes. */
  readonly sha256: string;
}

/** A file of examples. */
export interface ReportedData {
  /** What it is called. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Examples that were taken from it. */
  readonly examples: number;
  /** Their words that have a label, where words are labelled. */
  readonly words?: number;
  /** Of a language model: all their tokens. */
  readonly tokens?: number;
  /** Of a language model: tokens that were trained on or measured. */
  readonly targets?: number;
}

/** A metric of the result, with a 95 % interval where there is one. */
export interface ReportedMetric {
  /** What was measured. */
  readonly value: number;
  /** Its 95 % interval; omitted if none was computed. */
  readonly interval?: Interval;
}

/** The metrics of the result by name; none where nothing was held out. */
export type ReportedMetrics = Readonly<Record<string, ReportedMetric>>;

/** What happened in a run of any task: report.json, see docs/report.schema.json. Losses are means, shares are from 0 to 1, memory is in bytes. */
export interface TaskReport<S = RunSettings, R extends object | null = object | null> {
  /** Version of this package. */
  readonly lowrank: string;
  /** When the run ended, ISO 8601. */
  readonly created: string;
  /** What was trained. Runs of earlier versions lack it: see `settings.task`, which a classifier of texts has not. */
  readonly task: string;
  /** The whole spec. */
  readonly settings: S;
  /** The model that was trained on. */
  readonly model: ReportedModel;
  /** What was trained on and measured; the labels in the order of the classes, none where there are no classes. */
  readonly data: {
    readonly train: ReportedData;
    /** Without examples where nothing was chosen or measured by them. */
    readonly validation: ReportedData;
    /** Null where the result is measured on the validation. */
    readonly test: ReportedData | null;
    readonly labels: readonly string[];
  };
  /** Numbers that were trained. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** The kernels, and what the runtime says of the machine: `node`, `platform` and `cpu`, or `userAgent`. */
  readonly engine: {
    readonly build: string;
    readonly threads: number;
    readonly tile: string;
    readonly [about: string]: string | number;
  };
  /** On the examples to test on, after training. */
  readonly metrics: ReportedMetrics;
  /** The task's own detail: what came before training, the yardsticks, and what to use. */
  readonly result: R;
  /** Losses on the validation by steps done, and the step that was kept; null where the last one was. */
  readonly evaluation: FitEvaluation | null;
  /** What was foretold before training: seconds and linear memory. */
  readonly estimate: JobEstimate;
  /** What training took: steps, tokens, seconds, and the most linear memory ever in use. */
  readonly training: {
    readonly steps: number;
    readonly tokens: number;
    readonly seconds: number;
    readonly tokensPerSecond: number;
    readonly peakMemory: number;
    /** Whether the loss ended far above that of guessing: what was trained is then of no use. */
    readonly diverged: boolean;
  };
  /** Every step; none where only the head was fitted. */
  readonly steps: readonly StepRecord[];
}

/** The engine's part of a report. */
export function reportEngine(
  { build, threads, tile }: EngineInfo,
  machine: Readonly<Record<string, string>>,
): TaskReport["engine"] {
  return { build, threads, tile: `${tile.rows}×${tile.columns}`, ...machine };
}

/** Sums over the steps, which also hold those before an interruption. */
export function reportTraining(
  steps: readonly StepRecord[],
  { peakMemory, diverged }: Pick<TaskReport["training"], "peakMemory" | "diverged">,
): TaskReport["training"] {
  const seconds = steps.reduce((sum, step) => sum + step.milliseconds, 0) / 1000;
  const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
  const tokensPerSecond = tokens / Math.max(seconds, 1e-9);
  return { steps: steps.length, tokens, seconds, tokensPerSecond, peakMemory, diverged };
}

/** The report as a file: readable, and a line a step. */
export function reportFile({ steps, ...report }: { readonly steps: readonly StepRecord[] }): Uint8Array {
  const head = JSON.stringify(report, null, 2).slice(0, -2);
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  return new TextEncoder().encode(`${head},\n  "steps": [\n${lines}\n  ]\n}\n`);
}

/** What this program is, for the report. */
export function reportProgram(now: Date = new Date()): Pick<TaskReport, "lowrank" | "created"> {
  return { lowrank: VERSION, created: now.toISOString() };
}

/** What a run gave, as its task tells it. */
export interface RunOutcome {
  readonly metrics: ReportedMetrics;
  /** The task's own detail: `result` of the report. */
  readonly result: object | null;
  /** What the report's `data` has beside files and labels. */
  readonly data?: object;
  /** What the caller gets beside the report. */
  readonly more?: object;
  /** What the fold keeps beside its result, such as what is predicted of each example. */
  readonly kept?: object;
  /** What the title of the loss curve says of the result, and what it is compared with. */
  readonly curve: {
    readonly title: string;
    readonly yardsticks: readonly string[];
    /** Whether the loss is of classes, so that guessing one is drawn beside it; default: where there are labels. */
    readonly ofClasses?: boolean;
  };
}
