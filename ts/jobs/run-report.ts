import { cpus } from "node:os";
import type { EngineInfo } from "../entry/node.js";
import type { StepRecord } from "../train/fit-options.js";
import type { Metrics } from "../train/metrics.js";
import type { Baseline } from "./baseline.js";
import { packageVersion } from "../cli/package-root.js";
import type { TrainingSettings } from "./training-settings.js";

/** The model that was trained on. */
export interface ReportedModel {
  /** What adapters name as their base. */
  readonly name: string;
  /** What `--model` takes to find it again. */
  readonly source: string;
  /** SHA-256 of model.safetensors. */
  readonly sha256: string;
}

/** A file of examples. */
export interface ReportedData {
  readonly file: string;
  readonly sha256: string;
  readonly examples: number;
}

/** What happened in a run: report.json. Losses are means in nats, accuracies are shares, memory is in bytes. */
export interface RunReport {
  readonly lowrank: string;
  readonly created: string;
  readonly settings: TrainingSettings;
  readonly model: ReportedModel;
  readonly data: {
    readonly train: ReportedData;
    readonly validation: ReportedData;
    readonly labels: readonly string[];
  };
  readonly parameters: { readonly adapter: number; readonly head: number };
  readonly engine: {
    readonly build: string;
    readonly threads: number;
    readonly tile: string;
    readonly node: string;
    readonly platform: string;
    readonly cpu: string;
  };
  readonly result: Baseline & { readonly after: Metrics };
  readonly training: {
    readonly steps: number;
    readonly tokens: number;
    readonly seconds: number;
    readonly tokensPerSecond: number;
    /** Most linear memory ever in use. */
    readonly peakMemory: number;
  };
  readonly steps: readonly StepRecord[];
}

/** The engine's part of a report. */
export function reportEngine({ build, threads, tile }: EngineInfo): RunReport["engine"] {
  return {
    build,
    threads,
    tile: `${tile.rows}×${tile.columns}`,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
  };
}

/** Sums over the steps, which also hold those before an interruption. */
export function reportTraining(steps: readonly StepRecord[], peakMemory: number): RunReport["training"] {
  const seconds = steps.reduce((sum, step) => sum + step.milliseconds, 0) / 1000;
  const tokens = steps.reduce((sum, step) => sum + step.tokens, 0);
  return { steps: steps.length, tokens, seconds, tokensPerSecond: tokens / Math.max(seconds, 1e-9), peakMemory };
}

/** The report as a file: readable, and a line a step. */
export function reportFile({ steps, ...report }: RunReport): Uint8Array {
  const head = JSON.stringify(report, null, 2).slice(0, -2);
  const lines = steps.map((step) => `    ${JSON.stringify(step)}`).join(",\n");
  return new TextEncoder().encode(`${head},\n  "steps": [\n${lines}\n  ]\n}\n`);
}

/** What this program is, for the report. */
export function reportProgram(now: Date = new Date()): Pick<RunReport, "lowrank" | "created"> {
  return { lowrank: packageVersion(), created: now.toISOString() };
}
