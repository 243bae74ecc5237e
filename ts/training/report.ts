import { adapterInWords } from "../engine/adapter-words.js";
import type { EngineInfo } from "../engine/running.js";
import type { FitEvaluation, StepRecord } from "../train/fit-options.js";
import type { Interval } from "../train/metrics/bootstrap.js";
import { VERSION } from "../version.js";
import type { JobEstimate } from "./job-events.js";
import type { RunSettings } from "./spec/run-settings.js";

/** 0.85 → "85.0 %" */
export function formatPercent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "–";
}

/** The base model. */
export interface ReportedModel {
  /** The base's name in adapters. */
  readonly name: string;
  /** Name in the run's spec. */
  readonly source: string;
  /** SHA-256 over the hashes of the files that determine its results. */
  readonly sha256: string;
}

/** A file of examples. */
export interface ReportedData {
  /** Name of the file. */
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Number of examples from it. */
  readonly examples: number;
  /** Number of words with a label, for labelled words. */
  readonly words?: number;
  /** Number of mined negatives, for texts that have some. */
  readonly negatives?: number;
  /** Number of tokens, for a language model. */
  readonly tokens?: number;
  /** Number of target tokens, for a language model. */
  readonly targets?: number;
}

/** A metric of the result. */
export interface ReportedMetric {
  /** The measured value. */
  readonly value: number;
  /** 95 % interval; omitted if none was computed. */
  readonly interval?: Interval;
}

/** How well one label is predicted. */
export interface LabelScores {
  /** Name of the label. */
  readonly label: string;
  /** Measured texts that have it. */
  readonly texts: number;
  /** Probability from which a text has the label. */
  readonly threshold: number;
  /** Precision at the threshold. */
  readonly precision: number;
  /** Recall at the threshold. */
  readonly recall: number;
  /** F1 at the threshold. */
  readonly f1: number;
  /** Average precision, whatever the threshold. */
  readonly averagePrecision: number;
}

/** The metrics of the result by name; empty if nothing was held out. */
export type ReportedMetrics = Readonly<Record<string, ReportedMetric>>;

/**
 * The report of a run of any task: report.json, see docs/report.schema.json. Losses are means, shares are from 0 to 1, memory is in bytes.
 */
export interface TaskReport<S = RunSettings, R extends object | null = object | null> {
  /** Version of this package. */
  readonly lowrank: string;
  /** When the run ended, ISO 8601. */
  readonly created: string;
  /** The task. Reports of earlier versions lack it: see `settings.task`, which a text classifier's omit. */
  readonly task: string;
  /** The whole spec. */
  readonly settings: S;
  /** The base model. */
  readonly model: ReportedModel;
  /** The data; labels in the order of the classes, empty for tasks without classes. */
  readonly data: {
    readonly train: ReportedData;
    /** Empty if nothing was chosen or measured with it. */
    readonly validation: ReportedData;
    /** Null if the result is measured on the validation. */
    readonly test: ReportedData | null;
    readonly labels: readonly string[];
  };
  /** Number of trained parameters. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** The kernels and the machine: `node`, `platform` and `cpu`, or `userAgent`. On a GPU also `device`, "webgpu", and `gpu`, its adapter. */
  readonly engine: {
    readonly build: string;
    readonly threads: number;
    readonly tile: string;
    readonly [about: string]: string | number;
  };
  /** Metrics on the test examples, after training. */
  readonly metrics: ReportedMetrics;
  /** The task's own result: measurements before training, baselines, and the recommendation. */
  readonly result: R;
  /** Validation losses (or values of the metric that chooses the step) by completed steps, and the kept step; null if the last step was kept. */
  readonly evaluation: FitEvaluation | null;
  /** The fit on all rows of which the saved model is; omitted if the saved model is the measured one. */
  readonly finalFit?: ReportedFinalFit;
  /** The estimate before training: seconds and linear memory. */
  readonly estimate: JobEstimate;
  /** Cost of training: steps, tokens, seconds, and peak linear memory. */
  readonly training: {
    readonly steps: number;
    readonly tokens: number;
    readonly seconds: number;
    readonly tokensPerSecond: number;
    readonly peakMemory: number;
    /** Whether the final loss is far above that of guessing: the trained model is then useless. */
    readonly diverged: boolean;
  };
  /** Every step; empty if only the head was fitted. */
  readonly steps: readonly StepRecord[];
}

/**
 * The final fit: once the first fit had chosen the step, a new model was trained on the rows of training and validation. `metrics` and
 * `result` of the report are of the first.
 */
export interface ReportedFinalFit {
  /** Rows trained on: those of training and of the validation. */
  readonly examples: number;
  /** Steps: those up to the kept one of the first fit, in proportion to the rows. */
  readonly steps: number;
  /** Metrics of the saved model on the test; null without a test apart, since there is then no row that it has not been trained on. */
  readonly metrics: Readonly<Record<string, number>> | null;
}

/** The engine in a report. */
export function reportEngine(
  { build, threads, tile, adapter }: EngineInfo,
  machine: Readonly<Record<string, string>>,
): TaskReport["engine"] {
  const gpu: Record<string, string> = adapter === undefined ? {} : { device: "webgpu", gpu: adapterInWords(adapter) };
  return { build, threads, tile: `${tile.rows}×${tile.columns}`, ...gpu, ...machine };
}

/** Sums over all steps, those before an interruption included. */
export function reportTraining(
  steps: readonly StepRecord[],
  { peakMemory, diverged }: Pick<TaskReport["training"], "peakMemory" | "diverged">,
): TaskReport["training"] {
  const seconds = steps.reduce((sum, step) => sum + step.milliseconds, 0) / 1000;
  const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
  const tokensPerSecond = tokens / Math.max(seconds, 1e-9);
  return { steps: steps.length, tokens, seconds, tokensPerSecond, peakMemory, diverged };
}

/** The report as a file: indented, with one line per step. */
export function reportFile({ steps, ...report }: { readonly steps: readonly StepRecord[] }): Uint8Array {
  const head = JSON.stringify(report, null, 2).slice(0, -2);
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  return new TextEncoder().encode(`${head},\n  "steps": [\n${lines}\n  ]\n}\n`);
}

/** Version of this package and the time, for the report. */
export function reportProgram(now: Date = new Date()): Pick<TaskReport, "lowrank" | "created"> {
  return { lowrank: VERSION, created: now.toISOString() };
}

/** The task's part of a run's result. */
export interface RunOutcome {
  readonly metrics: ReportedMetrics;
  /** The task's own result: `result` of the report. */
  readonly result: object | null;
  /** Fields of the report's `data` besides files and labels. */
  readonly data?: object;
  /** The caller's result besides the report. */
  readonly more?: object;
  /** What the final fit takes over from the first, such as thresholds that the validation chose. */
  readonly validated?: object;
  /** Data that the fold keeps besides its result, such as predictions. */
  readonly kept?: object;
  /** The result in the title of the loss curve, and the values it is compared with. */
  readonly curve: {
    readonly title: string;
    readonly yardsticks: readonly string[];
    /** Whether the loss is of classes, so that guessing one is drawn beside it; default: where there are labels. */
    readonly ofClasses?: boolean;
  };
}
