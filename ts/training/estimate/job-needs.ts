import type { JobSeconds } from "./job-seconds.js";

/** What a run will take, told before it begins. */
export interface JobEstimate {
  /** Seconds, from a few steps that were timed. */
  readonly seconds: JobSeconds;
  /** Bytes of linear memory: at most in use, and what there can be. */
  readonly memory: MemoryNeed;
}

/** Linear memory in bytes. */
export interface MemoryNeed {
  /** What the run takes at most: model, adapter, head, optimizer and the largest step. */
  readonly needed: number;
  /** What there can be at most. */
  readonly maximum: number;
}
