import { signal } from "@preact/signals";
import type { JobPhase, ReadyJob } from "lowrank/jobs";
import type { Span } from "../engine/clock.js";
import type { Watched } from "../engine/watched.js";
import type { Download } from "./download.js";
import type { Point, Run } from "./runs.js";

/** State of a training that the page shows. */
export interface Training {
  readonly run: Run;
  readonly state: "starting" | "downloading" | "running" | "pausing";
  readonly download: Download | null;
  readonly phase: JobPhase | null;
  readonly done: number;
  readonly total: number;
  readonly tokensPerSecond: number | null;
  /** Remaining time, estimated from the run's steps. */
  readonly left: Span | null;
  readonly ready: ReadyJob | null;
  readonly training: readonly Point[];
  readonly validation: readonly Point[];
  readonly checkpoint: number | null;
  readonly warnings: readonly string[];
  /** Whether the graphics card was chosen and failed. */
  readonly fellBack: boolean;
  /** Predictions for rows of the validation; null before the first. */
  readonly watched: Watched | null;
}

/** The current training in this tab; null if there is none. */
export const training = signal<Training | null>(null);
/** Why the last training did not finish. */
export const failure = signal<unknown>(null);
