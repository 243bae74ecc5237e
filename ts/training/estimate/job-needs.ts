import type { JobSeconds } from "./job-seconds.js";

/** Estimated time and memory of a run. */
export interface JobEstimate {
  /** Seconds, from timing a few steps. */
  readonly seconds: JobSeconds;
  /** Bytes of linear memory: the peak, and the maximum. */
  readonly memory: MemoryNeed;
}

/** Linear memory in bytes. */
export interface MemoryNeed {
  /** Peak of the run: model, adapter, head, optimizer and the largest step. */
  readonly needed: number;
  /** The maximum that is available. */
  readonly maximum: number;
}
