import type { FileMap } from "../io/file-map.js";
import type { JobEvent, JobListener, JobWords } from "./job-events.js";
import type { JobSources } from "./sources/job-sources.js";
import type { JobSettings } from "./spec/any-settings.js";
import type { Resumed } from "./store/checkpoint-file.js";
import type { RunOrigin } from "./store/run-state.js";
import type { RunStore } from "./store/run-store.js";

/** What a job works with. */
export interface JobContext {
  readonly sources: JobSources;
  readonly emit: JobListener;
  readonly words: JobWords;
  readonly signal: AbortSignal | undefined;
  /** What a run that goes on began with; null or left out for a new one. */
  readonly began?: Pick<RunOrigin, "modelHash"> | null;
}

/** A kind of run. `runJob` claims, records, checkpoints and tidies up, and knows no more of what is trained than this. */
export interface JobTask {
  /**
   * Loads engine, data and model, in the order in which a mistake shows soonest, and checks that memory will do. Throws as `runJob`;
   * nothing is left then.
   */
  prepare(settings: JobSettings, context: JobContext): Promise<PreparedJob>;
}

/** A run that is ready to begin, or to go on. */
export interface PreparedJob {
  /** Optimizer steps in all. */
  readonly steps: number;
  /** Throws `ConfigError` where files or engine are not those of the run that is to go on, `FormatError` where its checkpoint does not fit. */
  checkResumable(store: RunStore, resumed: Resumed, words: JobWords): void;
  /** What is told of it before it begins: with time and memory, which are measured. No bit of the run is another for it. */
  ready(resumed: Resumed | null, context: JobContext): Promise<JobEvent>;
  /** Trains, from a checkpoint where there is one, with checkpoints to the store. */
  train(store: RunStore, resumed: Resumed | null, context: JobContext): Promise<FinishedJob>;
  /** Gives back what it holds. */
  dispose(): void;
}

/** What a run gave. */
export interface FinishedJob {
  /** What stays in the store. */
  readonly files: FileMap;
  /** What the caller gets: the task's own result. */
  readonly result: object;
}
