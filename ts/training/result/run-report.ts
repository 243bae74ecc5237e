import type { EngineInfo } from "../../engine/running.js";
import type { DataSummary } from "../../io/examples/summary/index.js";
import type { FitEvaluation, StepRecord } from "../../train/fit-options.js";
import type { Metrics } from "../../train/metrics/metrics.js";
import type { Difference, PairedDifference } from "../../train/metrics/paired-difference.js";
import { VERSION } from "../../version.js";
import type { Baseline } from "./baseline.js";
import type { JobEstimate } from "../estimate/job-estimate.js";
import type { Recommendation } from "./recommendation.js";
import type { TrainingSettings } from "../spec/training-settings.js";
import type { UnseenTexts } from "./unseen-texts.js";

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
}

/** What happened in a run: report.json. Losses are means in nats, accuracies are shares, memory is in bytes. */
export interface RunReport {
  /** Version of this package. */
  readonly lowrank: string;
  /** When the run ended, ISO 8601. */
  readonly created: string;
  /** The whole spec. */
  readonly settings: TrainingSettings;
  /** The model that was trained on. */
  readonly model: ReportedModel;
  /** What was learnt from and tested on; the labels in the order of the classes. */
  readonly data: {
    readonly train: ReportedData;
    readonly validation: ReportedData;
    /** Null where the result is measured on the validation. */
    readonly test: ReportedData | null;
    readonly labels: readonly string[];
    /** What they are like, and what was found in them. */
    readonly summary: DataSummary;
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
  /** On the examples to test on: before training, the largest class, the head alone, and after. */
  readonly result: Baseline & {
    readonly after: Metrics;
    /** What head and adapter have over the head alone, with 95 % intervals; null where that was not fitted, or is the result. */
    readonly overHeadAlone: PairedDifference | null;
    /** What to use, by that difference. */
    readonly recommended: Recommendation;
    /** What is lost in macro F1 against the head alone by more than chance, while accuracy is not; null where that is not so. */
    readonly macroF1Loss: Difference | null;
    /** Where texts that were measured stand in the training data too, or nearly do, the result without them; else null. */
    readonly unseen: UnseenTexts | null;
    /** Which examples the result is measured on. Where it is the validation, and the step was chosen by it, it is flattered. */
    readonly measuredOn: "test" | "validation";
  };
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
): RunReport["engine"] {
  return { build, threads, tile: `${tile.rows}×${tile.columns}`, ...machine };
}

/** Sums over the steps, which also hold those before an interruption. */
export function reportTraining(
  steps: readonly StepRecord[],
  { peakMemory, diverged }: Pick<RunReport["training"], "peakMemory" | "diverged">,
): RunReport["training"] {
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
export function reportProgram(now: Date = new Date()): Pick<RunReport, "lowrank" | "created"> {
  return { lowrank: VERSION, created: now.toISOString() };
}
