import type { Engine } from "../engine/running.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { FileMap } from "../io/file-map.js";
import type { FitOptions, FitReport } from "../train/fit-options.js";
import type { Task } from "../train/task.js";
import type { DataReader, TaskData } from "./data/parts.js";
import type { FoldKind } from "./folds/fold-kind.js";
import type { JobListener, JobWords } from "./job-events.js";
import type { RunOutcome } from "./result/report.js";
import type { HashedModel } from "./sources/hashed-model.js";
import type { JobSources } from "./sources/job-sources.js";
import type { Fields } from "./spec/field.js";
import type { RunSettings, TaskPlan } from "./spec/run-settings.js";
import type { RunOrigin } from "./store/origin-check.js";

/** What a run works with. */
export interface RunContext {
  readonly sources: JobSources;
  readonly emit: JobListener;
  readonly words: JobWords;
  readonly signal: AbortSignal | undefined;
  /** The origin of a run that is resumed; null or omitted for a new one. */
  readonly began?: Pick<RunOrigin, "modelHash"> | null;
}

/** A metric of a task. */
export interface Metric {
  /** What people call it, such as "accuracy". */
  readonly title: string;
  readonly better: "higher" | "lower";
  /** "share": from 0 to 1, shown in percent; "number": shown as it is. */
  readonly format: "share" | "number";
}

/** A task as the table of tasks has it: what is needed before its code is loaded. */
export interface TaskEntry {
  /** Its settings: those of every task, and its own. */
  readonly fields: Fields;
  readonly plan: TaskPlan;
  /** Its metrics by name; the first is the one that people look at. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has what the task keeps there: what `baseline` returned. */
  checkState(what: string, run: Readonly<Record<string, unknown>>): void;
  /** What cross-validation keeps of each fold and says of all; default: the metrics. */
  readonly folds?: FoldKind<never>;
  /** Loads its code. */
  load(): Promise<TaskDefinition<RunSettings, FileExample, TokenizedExample>>;
}

/** The tasks by name. */
export type TaskTable = Readonly<Record<string, TaskEntry>>;

/** An example as a file has it. */
export interface FileExample {
  /** Line or row in the file, for messages. */
  readonly line: number;
  /** Examples with equal texts are on one side of every split. */
  readonly text: string;
}

/** An example as the model reads it. */
export interface TokenizedExample {
  readonly ids: Int32Array;
}

/** The model that a run starts from, loaded once; folds share it. */
export interface TaskBase {
  readonly graph: Graph;
  /** SHA-256 of everything that decides what it computes. */
  readonly modelHash: string;
  readonly layers: number;
  readonly hiddenSize: number;
  /** Bytes that training adds to it: copies of its weights in the order that gradients read. */
  readonly packed: number;
  dispose(): void;
}

/**
 * A task: what a model can be trained for. The pipeline loads, tokenizes, estimates, trains, measures, reports and resumes, for one run
 * or for folds; it knows of a task what is here.
 */
export interface TaskDefinition<S extends RunSettings, E extends FileExample, X extends TokenizedExample> {
  /** Files of a model that decide the result, apart from weights, configuration and tokenizer. */
  readonly modelFiles?: readonly string[];
  /** How its files are read, and parted. */
  reader(settings: S, context: RunContext): DataReader<E>;
  /**
   * Looks at the data before the model is there, which may have to be fetched. Throws `ConfigError` for data that make no sense. What it
   * returns, `open` is given.
   */
  survey?(data: TaskData<E>, settings: S, context: RunContext): Promise<object>;
  /** Loads the model. Throws `MemoryError` before it does if memory is too small. */
  base(model: HashedModel, settings: S, engine: Engine, context: RunContext): Promise<TaskBase>;
  /**
   * Adds what is trained: adapter, head. Its `dispose` removes that again.
   * @param surveyed what `survey` returned; null for a fold of the data that it looked at
   */
  open(
    base: TaskBase,
    data: TaskData<E>,
    settings: S,
    context: RunContext,
    surveyed: object | null,
  ): Promise<TaskModel<E, X>>;
  /** Throws `ConfigError` where what a checkpoint keeps was measured on other classes, or not on so many examples. */
  checkStateFits?(run: object, data: TaskData<E>, measured: number): void;
}

/** Which part of the data an example is of. "spare" is held out to choose a step, and the head alone is fitted to it too. */
export type ExampleUse = "train" | "spare" | "held";

/** The examples of each part as the model reads them. */
export interface TokenizedParts<X> {
  readonly train: readonly X[];
  /** By these the step is chosen; none where the last one is kept. */
  readonly validation: readonly X[];
  /** These are measured once, at the end: the test, or the validation if there is none. */
  readonly measured: readonly X[];
}

/** What is measured on some examples. */
export interface Measured {
  /** By this the step is chosen. */
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** How measuring is followed and cancelled. */
export interface MeasureEvents {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number) => void;
}

/** What training is given, and how it goes. */
export interface TaskTraining<X> {
  readonly task: Task<X>;
  readonly options: FitOptions;
}

/** A model that is trained on some data. It is used by one run, or one fold, and then disposed. */
export interface TaskModel<E, X extends TokenizedExample> {
  readonly graph: Graph;
  /** The variables that training changes, always in the same order. */
  params(): NodeId[];
  /** Numbers that are trained. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** Tokens of an example. Throws `ConfigError` with the place in the file for one that cannot be used. */
  tokenize(example: E, file: string, use: ExampleUse): X;
  /** Looks at the data once more, with the model's tokenizer. `onProgress` is called with the number of examples that are done. */
  describe?(onProgress: (done: number) => void): Promise<void>;
  /** Whether layers are computed again for their gradients. */
  checkpointing(train: readonly X[], options: FitOptions): boolean;
  /** What `fit` is given for these examples. */
  training(train: readonly X[], options: FitOptions): TaskTraining<X>;
  /** What knows how many bytes a step on some examples takes with that checkpointing. */
  stepMemory(checkpointing: boolean): Pick<Task<X>, "memory">;
  /** Bytes that measuring these examples takes, if a step may take less. */
  measuringMemory?(examples: readonly X[]): number;
  /** Counts of some examples that are shown beside their number, such as words. */
  counts?(examples: readonly X[]): Readonly<Record<string, number>>;
  /** What the ready event says of the data beside files and labels. */
  readonly details?: object;
  /** The loss of guessing, in nats; omitted or null if none tells that training has diverged. With the weight of the examples of a step. */
  guessing?(batchAt: (step: number) => readonly X[], train: readonly X[]): Guessing | null;
  /** Measures the model as it is. */
  measure(examples: readonly X[], events: MeasureEvents): Promise<Measured>;
  /** Tokens that `baseline` and `finish` send through the model. */
  reads(tokens: TokenizedParts<number>): { readonly baseline: number; readonly finish: number };
  /**
   * Measures what the result is compared with, and sets where training starts. Returns what a checkpoint keeps of it: plain data,
   * which JSON can carry.
   */
  baseline(parts: TokenizedParts<X>): Promise<object>;
  /**
   * Measures the result.
   * @param state what `baseline` returned, in this call or in the one that the run began in
   * @param fitted what training did; null if only the head was fitted
   */
  finish(state: object, parts: TokenizedParts<X>, fitted: FitReport | null): Promise<RunOutcome>;
  /** What the run leaves beside its report. */
  files(): FileMap | Promise<FileMap>;
  dispose(): void;
}

/** The loss of guessing. */
export interface Guessing {
  readonly loss: number;
  /** What the examples of a step weigh together; default: each step weighs the same. */
  readonly weightOf?: (step: number) => number;
}
