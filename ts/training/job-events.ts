import type { EngineInfo } from "../engine/running.js";
import type { DataSummary } from "../io/examples/summary/index.js";
import type { JobEstimate } from "./estimate/job-needs.js";
import type { RunSettings } from "./spec/run-settings.js";

/** A piece of a job's work that takes a while, in the order in which they come. */
export type JobPhase = "tokenize" | "encode-validation" | "encode-train" | "head-only" | "train" | "validate";

/** Examples of a file as a run takes them. */
export interface ReadyPart {
  /** What the file is called. */
  readonly file: string;
  /** Examples that were taken from it. */
  readonly examples: number;
  /** Their words that have a label, where words are labelled. */
  readonly words?: number;
  /** Of a language model: all their tokens. */
  readonly tokens?: number;
  /** Of a language model: tokens that are trained on or measured. */
  readonly targets?: number;
}

/** How many different groups examples have, and how many of them belong to none. */
export interface GroupCount {
  readonly groups: number;
  readonly alone: number;
}

/** What a job is about to do, once everything is loaded and checked. */
export interface ReadyJob<S = RunSettings> {
  /** What is trained. */
  readonly task: string;
  /** The whole spec: what was given, and defaults. */
  readonly settings: S;
  /** Optimizer steps in all; 0 where only the head is fitted. */
  readonly steps: number;
  /** Steps between two measurements of the validation, which choose the step that is kept; null where the last one is. */
  readonly evaluateEvery: number | null;
  /** Steps that were done before this call; null where the run begins. */
  readonly resumedAfter: number | null;
  /** What runs. */
  readonly engine: EngineInfo;
  /** The model, and where it was found. */
  readonly model: {
    readonly name: string;
    readonly origin: string;
    readonly layers: number;
    readonly hiddenSize: number;
  };
  /** The data, `split` where a part was taken from the file to train on. */
  readonly data: {
    readonly train: ReadyPart;
    /** Without examples where nothing is chosen or measured by them. */
    readonly validation: ReadyPart & { readonly split: boolean };
    /** What is measured at the end; null where the validation is. */
    readonly test: (ReadyPart & { readonly split: boolean }) | null;
    /** Names of the classes; none where there are no classes. */
    readonly labels: readonly string[];
    /** Groups of each part, where there is a column of them; no group is in two parts that were drawn from one file. */
    readonly groups: { readonly train: GroupCount; readonly validation: GroupCount; readonly test: GroupCount } | null;
  };
  /** Numbers that are trained. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** Whether layers are computed again for their gradients. */
  readonly checkpointing: boolean;
  /** Of cross-validation: how many folds are to be run, each of which is about like this one; null of a run. */
  readonly folds: number | null;
  /** Time and memory that it will take; of cross-validation, that one fold will. */
  readonly estimate: JobEstimate;
}

/** What a job tells while it runs. */
export type JobEvent<S = RunSettings> =
  /** Something odd that ends nothing: in the data, or a store that could not be released or tidied up. */
  | { readonly type: "warning"; readonly message: string }
  /** Bytes of the model came in. */
  | { readonly type: "download"; readonly file: string; readonly received: number; readonly total: number }
  /** The model is there. */
  | { readonly type: "model"; readonly name: string; readonly origin: string }
  /** What the data are like. Where they make the result meaningless the job ends after it. */
  | { readonly type: "data"; readonly summary: DataSummary }
  /** Everything is loaded and checked; work begins. Cross-validation tells it once, of the first fold that is run. */
  | { readonly type: "ready"; readonly job: ReadyJob<S> }
  /** So much of a phase is done: texts, or steps. Each phase begins with 0, or with the steps of a run that is resumed. */
  | {
      readonly type: "progress";
      readonly phase: JobPhase;
      readonly done: number;
      readonly total: number;
      /** Of the last step, where the phase trains. */
      readonly loss?: number;
      /** Mean since this call began to train. */
      readonly tokensPerSecond?: number;
      /** Expected time to the end of training. */
      readonly secondsLeft?: number;
    }
  /** A fold of cross-validation begins, the first being 1; its phases follow. Those that were done before are not told. */
  | { readonly type: "fold"; readonly fold: number; readonly folds: number }
  /** The validation was measured after so many steps. */
  | {
      readonly type: "evaluation";
      readonly task: string;
      readonly step: number;
      /** By this the step is chosen. */
      readonly loss: number;
      /** The task's metrics by name, such as `accuracy`, `f1` or `perplexity`. */
      readonly metrics: Readonly<Record<string, number>>;
      /** Whether this is the lowest loss so far. */
      readonly best: boolean;
    }
  /** A checkpoint is in the store. */
  | { readonly type: "checkpoint"; readonly step: number };

/** Takes a job's events. */
export type JobListener = (event: JobEvent) => void;

/** What messages call things, for callers whose users know them by other names: a command's options. */
export interface JobWords {
  /** A field of the spec. */
  setting(name: string): string;
  /** Going on with an interrupted run: begins a message. */
  readonly resume: string;
}

/** The names as they are in the spec. */
export const plainWords: JobWords = { setting: (name) => name, resume: "runJob" };
