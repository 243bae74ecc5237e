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
  /** Predictions for rows of the validation; null before the first. */
  readonly watched: Watched | null;
}

/** Whether an error means that another tab or worker has the run open. */
export const isInUse = (error: unknown): boolean =>
  (error as Error).name === "ConfigError" && /is in use/.test((error as Error).message);

/** Whether an error means that some of a run's own files are gone, so that there is nothing to continue from. */
export const isIncomplete = (error: unknown): boolean =>
  /nothing can be appended|missing in this browser's storage/.test((error as Error).message);

/** Whether an error means that the browser deleted files or the database of this page while they were in use. */
export const isCleared = (error: unknown): boolean =>
  /^(NotFound|InvalidState)Error$/.test((error as Error).name) || isIncomplete(error);

/** The current training in this tab; null if there is none. */
export const training = signal<Training | null>(null);
/** Why the last training did not finish. */
export const failure = signal<unknown>(null);
