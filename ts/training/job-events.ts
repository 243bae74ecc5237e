import type { EngineInfo } from "../engine/running.js";
import type { DataSummary } from "../io/examples/summary/data-summary.js";
import type { RunSettings } from "./spec/run-settings.js";

/** A part of a job that takes a while, in order. */
export type JobPhase =
  "tokenize" | "encode-validation" | "encode-train" | "head-only" | "train" | "validate" | "final-fit";

/** Examples that a run uses from a file. */
export interface ReadyPart {
  /** The file's name. */
  readonly file: string;
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

/** Number of different groups, and of examples without a group. */
export interface GroupCount {
  readonly groups: number;
  readonly alone: number;
}

/** Seconds of each part of a run, and in all. */
export interface JobSeconds {
  /** 0 for a resumed run. */
  readonly baseline: number;
  /** The remaining steps, with the measurements between them. */
  readonly training: number;
  /** The measurements between steps, part of `training`. */
  readonly validation: number;
  /** The final measurement; 0 if it was done before. */
  readonly test: number;
  /** The fit on all rows; omitted if there is none. */
  readonly finalFit?: number;
  /** The sum of baseline, training, test and final fit. */
  readonly total: number;
}

/** Linear memory in bytes. */
export interface MemoryNeed {
  /** Peak of the run: model, adapter, head, optimizer and the largest step. */
  readonly needed: number;
  /** The maximum that is available. */
  readonly maximum: number;
}

/** Estimated time and memory of a run. */
export interface JobEstimate {
  /** Seconds, from timing a few steps. */
  readonly seconds: JobSeconds;
  /** Bytes of linear memory: the peak, and the maximum. */
  readonly memory: MemoryNeed;
}

/** What a job will do, after everything is loaded and checked. */
export interface ReadyJob<S = RunSettings> {
  /** The task. */
  readonly task: string;
  /** The spec with all defaults. */
  readonly settings: S;
  /** Optimizer steps in all; 0 where only the head is fitted. */
  readonly steps: number;
  /** Steps between two measurements of the validation, which choose the step to keep; null if the last step is kept. */
  readonly evaluateEvery: number | null;
  /** The metric that chooses the step to keep; omitted for the loss. */
  readonly chosenBy?: string;
  /** Completed steps of a resumed run; null for a new run. */
  readonly resumedAfter: number | null;
  /** The kernels, and the GPU (`adapter`) if the model is trained on one. */
  readonly engine: EngineInfo;
  /** The model and where it was found. */
  readonly model: {
    readonly name: string;
    readonly origin: string;
    readonly layers: number;
    readonly hiddenSize: number;
  };
  /** The data; `split`: the part was split from the training file. */
  readonly data: {
    readonly train: ReadyPart;
    /** Empty if nothing is chosen or measured with it. */
    readonly validation: ReadyPart & { readonly split: boolean };
    /** Measured at the end; null if the validation is measured instead. */
    readonly test: (ReadyPart & { readonly split: boolean }) | null;
    /** Names of the classes; empty for tasks without classes. */
    readonly labels: readonly string[];
    /** Groups of each part, if there is such a column; parts split from one file share no group. */
    readonly groups: { readonly train: GroupCount; readonly validation: GroupCount; readonly test: GroupCount } | null;
  };
  /** The last fit, on the rows of training and validation, and its steps if the first fit keeps its last one; omitted for none. */
  readonly finalFit?: { readonly examples: number; readonly steps: number };
  /** Number of trained parameters. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** Whether layers are recomputed for their gradients. */
  readonly checkpointing: boolean;
  /** Number of folds to run, each about like this one; null for a single run. */
  readonly folds: number | null;
  /** Estimated time and memory; in cross-validation, of one fold. */
  readonly estimate: JobEstimate;
}

/** A value of an example, or one that the model predicts for it: a label, a number, or several labels. */
export type PredictedValue = string | number | readonly string[];

/** What the model predicts for an example while it is trained. */
export interface ShownPrediction {
  /** Value in the data. For a question, the text that answers it, or fits it best. */
  readonly target: PredictedValue;
  /** Value from the model. For a question, the text that a search finds first, or a reranker puts first. */
  readonly predicted: PredictedValue;
  /** Whether the prediction is right; null for numbers. */
  readonly right: boolean | null;
}

/** An example of the validation with its prediction. */
export interface ShownExample extends ShownPrediction {
  /** The text; of a pair, the first one. */
  readonly text: string;
}

/** An event of a running job. */
export type JobEvent<S = RunSettings> =
  /** A problem that does not end the job: in the data, or a store that could not be released or tidied up. */
  | { readonly type: "warning"; readonly message: string }
  /** The GPU failed during the run, which continues on WebAssembly from its last checkpoint; another `ready` follows. */
  | { readonly type: "fallback"; readonly device: "wasm"; readonly message: string }
  /** Bytes of the model came in. */
  | { readonly type: "download"; readonly file: string; readonly received: number; readonly total: number }
  /** The model is there. */
  | { readonly type: "model"; readonly name: string; readonly origin: string }
  /** What the data are like. Where they make the result meaningless the job ends after it. */
  | { readonly type: "data"; readonly summary: DataSummary }
  /** Everything is loaded and checked; work begins. Cross-validation tells it once, of the first fold that is run. */
  | { readonly type: "ready"; readonly job: ReadyJob<S> }
  /** Progress of a phase: texts, or steps. Each phase begins with 0, or with the steps of a run that is resumed. */
  | {
      readonly type: "progress";
      readonly phase: JobPhase;
      readonly done: number;
      readonly total: number;
      /** Loss of the last step, in training. */
      readonly loss?: number;
      /** Mean since training began in this call. */
      readonly tokensPerSecond?: number;
      /** Expected seconds to the end of training. */
      readonly secondsLeft?: number;
    }
  /** A fold of cross-validation begins, the first being 1; its phases follow. Those that were done before are not told. */
  | { readonly type: "fold"; readonly fold: number; readonly folds: number }
  /** The validation was measured after so many steps. */
  | {
      readonly type: "evaluation";
      readonly task: string;
      readonly step: number;
      readonly loss: number;
      /** The task's metrics by name, such as `accuracy`, `f1` or `perplexity`. */
      readonly metrics: Readonly<Record<string, number>>;
      /** Whether this is the best so far, by the loss or by the metric that chooses the step of this task. */
      readonly best: boolean;
      /** The examples of the option `showExamples`, the same ones in each event; omitted without it, or if the task has no predictions. */
      readonly examples?: readonly ShownExample[];
    }
  /** A checkpoint is in the store. */
  | {
      readonly type: "checkpoint";
      readonly step: number;
      /** Whether it is one of the final fit. */
      readonly final?: true;
    };

/** Called with a job's events. */
export type JobListener = (event: JobEvent) => void;

/** Progress and cancellation of a measurement. */
export interface MeasureEvents {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number) => void;
}

/** Reports the start of a phase of `total` examples. `onProgress` of the result reports how many are done. */
export function phaseEvents(
  { emit, signal }: { readonly emit: JobListener; readonly signal: AbortSignal | undefined },
  phase: JobPhase,
  total: number,
): MeasureEvents {
  const onProgress = (done: number) => emit({ type: "progress", phase, done, total });
  onProgress(0);
  return { signal, onProgress };
}
