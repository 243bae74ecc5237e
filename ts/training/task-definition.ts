import type { OptionNames } from "./spec/option-names.js";
import type { ModelAdapter } from "../adapters/model-adapter.js";
import type { Engine } from "../engine/running.js";
import type { Graph, NodeId } from "../graph/graph.js";
import type { FileMap } from "../io/file-access.js";
import type { ModelSource } from "../io/model-source.js";
import type { FitOptions, FitReport } from "../train/fit-options.js";
import type { Task } from "../train/task.js";
import type { SentenceEncoder } from "../models/sentence/sentence-encoder.js";
import type { ClassScores, Confusion } from "../train/metrics/class-scores.js";
import type { EntityScores } from "../train/metrics/entities.js";
import type { DataReader, TaskData, TaskFile } from "./data-parts.js";
import type { FoldKind } from "./folds/fold-kind.js";
import type { JobListener, MeasureEvents, ShownPrediction } from "./job-events.js";
import type { LabelScores, ReportedMetrics, RunOutcome } from "./report.js";
import type { HashedModel } from "./sources/hashed-model.js";
import type { JobSources } from "./sources/job-sources.js";
import type { Fields } from "./spec/field.js";
import type { RunSettings, TaskPlan } from "./spec/run-settings.js";
import type { SharedSettings } from "./spec/shared-fields.js";
import type { RunOrigin } from "./store/run-state.js";

/** What a run needs. */
export interface RunContext {
  readonly sources: JobSources;
  readonly emit: JobListener;
  readonly optionNames: OptionNames;
  readonly signal: AbortSignal | undefined;
  /** Whether other parties may have classes that the data lack, so that one class is enough; default false. */
  readonly isPart?: boolean;
  /** Number of examples that each evaluation shows with their predictions; default 0. */
  readonly showExamples?: number;
  /** Where the model is trained, by the names of `createEngine`; default "wasm". */
  readonly device?: SharedSettings["device"];
  /** The origin of a resumed run; null or omitted for a new one. */
  readonly began?: Pick<RunOrigin, "modelHash"> | null;
  /**
   * Called before training with the files of the head-only model: of texts with numbers or several labels, and of a classifier with few
   * examples of each label; omitted if nobody saves them.
   */
  readonly onHeadOnly?: (files: FileMap) => Promise<void>;
}

/** A metric of a task. */
export interface Metric {
  /** Name for users, such as "accuracy". */
  readonly title: string;
  readonly better: "higher" | "lower";
  /** "share": from 0 to 1, shown in percent; "number": shown as it is. */
  readonly format: "share" | "number";
}

/** A task in the table of tasks: everything needed before its code is loaded. */
export interface TaskEntry {
  /** Settings: those of every task, and its own. */
  readonly fields: Fields;
  readonly plan: TaskPlan;
  /** Metrics by name; the first is the main one. */
  readonly metrics: Readonly<Record<string, Metric>>;
  /** The metric that chooses the step to keep, unless the model names one for its data; default: the loss. */
  readonly chosenBy?: string;
  /** The metric of which `overHeadAlone` of a result is a gain over the head-only baseline; omitted if it is none of one metric. */
  readonly comparedBy?: string;
  /** Throws `ConfigError`, naming the field, unless `run` of a checkpoint has the task's state: the result of `baseline`. */
  checkState(what: string, run: Readonly<Record<string, unknown>>): void;
  /** Names of settings with which it does not run on a GPU; omitted if it never does. */
  readonly notOnGpu?: (settings: never) => readonly string[];
  /** What its head-only baseline is, for tables; omitted for a task without one. */
  readonly headOnlyModel?: string;
  /** Whether training starts from a head that is fitted to frozen vectors, where the recipe says so. */
  readonly fitsHead?: true;
  /** Baselines of the task's part of a result; default: its `yardsticks`. */
  readonly baselines?: (result: never) => Baselines;
  /** An example of the setting `fields`, for messages; omitted for a task without that. */
  readonly fieldsExample?: string;
  /** What cross-validation keeps of each fold and reports of all; default: the metrics. */
  readonly folds?: FoldKind<never>;
  /** Loads its code. */
  load(): Promise<TaskDefinition<RunSettings, FileExample, TokenizedExample>>;
}

/** Baselines by name with their metrics, whatever else they have; null for one that was not measured. */
export type Baselines = Readonly<Record<string, object | null>>;

/** The baselines of the task's part of a result, or of a fold's. */
export function baselinesOf({ baselines }: TaskEntry, result: object | null): Baselines {
  if (result === null) return {};
  return baselines?.(result as never) ?? (result as { yardsticks?: Baselines }).yardsticks ?? {};
}

/** The tasks by name. */
export type TaskTable = Readonly<Record<string, TaskEntry>>;

/** An example from a file. */
export interface FileExample {
  /** Line or row in the file, for messages. */
  readonly line: number;
  /** Examples with equal texts are on one side of every split. */
  readonly text: string;
  /** Group, which stays on one side of every split; omitted for none. */
  readonly group?: string;
}

/** An example as tokens. */
export interface TokenizedExample {
  readonly ids: Int32Array;
}

/** The model that a run starts from, loaded once; folds share it. */
export interface TaskBase {
  readonly graph: Graph;
  /** SHA-256 of everything that determines its results. */
  readonly modelHash: string;
  readonly layers: number;
  readonly hiddenSize: number;
  /** Most tokens of an example. */
  readonly maxTokens: number;
  /** Bytes that training adds to it: copies of its weights in the order in which gradients read them. */
  readonly packed: number;
  dispose(): void;
}

/**
 * A task: something a model can be trained for. The pipeline loads, tokenizes, estimates, trains, measures, reports and resumes, for one
 * run or for folds, through these members only.
 */
export interface TaskDefinition<S extends RunSettings, E extends FileExample, X extends TokenizedExample> {
  /** What a run makes, for messages: "a text classifier". */
  readonly makes: string;
  /**
   * What uses the model of a run, for messages of commands that cannot; omitted if `predict` can.
   * @param folder the run's folder as a word of a shell
   */
  usedBy?(folder: string): string;
  /** Files of a model that determine the result, besides weights, configuration and tokenizer. */
  readonly modelFiles?: readonly string[];
  /** Reads and splits its files. */
  reader(settings: S, context: RunContext): DataReader<E>;
  /**
   * Checks the data before the model is loaded, which may need a download. Throws `ConfigError` for invalid data. `open` gets its result.
   */
  survey?(data: TaskData<E>, settings: S, context: RunContext): Promise<object>;
  /** The loss for which data are read, if it depends on them; default: that of the settings. */
  loss?(data: TaskData<E>, settings: S): string;
  /** Loads the model. Throws `MemoryError` before loading if memory is too small. */
  base(model: HashedModel, settings: S, engine: Engine, context: RunContext): Promise<TaskBase>;
  /**
   * The data with what the base model alone finds in them, such as hard negatives; default: as they are. A resumed run calls it again, so it
   * gives the same for the same model, data and settings.
   */
  augment?(base: TaskBase, data: TaskData<E>, settings: S, context: RunContext): Promise<TaskData<E>>;
  /**
   * Adds the trained parts: adapter, head. `dispose` of the result removes them.
   * @param surveyed the result of `survey`; null for a fold of data that it checked
   * @param from files of this task's model, which is trained further; default: new parts
   */
  open(
    base: TaskBase,
    data: TaskData<E>,
    settings: S,
    context: RunContext,
    surveyed: object | null,
    from?: FileMap,
  ): Promise<TaskModel<E, X>>;
  /** What `predict` asks its model instead of texts: texts or their words, or pairs of texts. */
  readonly asks?: "words" | "pairs";
  /**
   * The model of a finished run, for `predict` and `evaluate` of the command line; optional.
   * @param files the run's files of its adapter, head and settings
   */
  trained?(encoder: SentenceEncoder, files: FileMap, options: { readonly allowOtherBase: boolean }): TrainedModel<E>;
  /**
   * Opens the model of files that no run made, PEFT's or those of a checkpoint of transformers; without `trained`, of a run's files too. Omitted
   * if only runs make such models.
   * @param from a whole model, or the folder of an adapter with its head
   */
  opened?(from: string | ModelSource, options: OpenedOptions): Promise<TrainedModel<E>>;
  /** Whether examples usually share a text, such as a query: such repeats are then no finding of `lowrank data`. */
  readonly repeatsTexts?: boolean;
  /** The texts of an example whose lengths `lowrank data` counts, each as it is cut; default: `text`. */
  texts?(example: E): readonly string[];
  /** The label of an example, for findings about labels and texts of `lowrank data`; omitted where an example has not just one. */
  labelOf?(example: E): string;
  /** How often each label occurs in a file, for `lowrank data`; omitted with `labelOf`, or where there are no labels. */
  labelCounts?(file: TaskFile<E>): FileLabelCounts | null;
  /** What a file holds, for `lowrank data`: counts by their names in the plural, such as "queries". */
  about?(file: TaskFile<E>): FileCounts;
  /** Throws `ConfigError` if a checkpoint's measurements are of other classes, or of another number of examples. */
  checkStateFits?(run: object, data: TaskData<E>, measured: number): void;
}

/** How often each label of a file occurs. */
export interface FileLabelCounts {
  /** What has the labels, in the plural, such as "words". */
  readonly of: string;
  /** Number of those that could have one. */
  readonly total: number;
  /** A number for each label of the file, in the order of its labels. */
  readonly counts: readonly number[];
}

/** Numbers by name. A list is shown by its spread, and a record of counts by its sum and its parts. */
export type FileCounts = Readonly<Record<string, number | readonly number[] | Readonly<Record<string, number>>>>;

/** What a model is asked: a text, the words of one, or a query and a text. */
export type Asked = string | readonly string[];

/**
 * The prediction of a text: values by the names of their columns. In tables lists of names are joined, and objects are left out; `entities` are
 * shown below their text.
 */
export type PredictedValues = Readonly<
  Record<
    string,
    string | number | boolean | readonly (string | null)[] | readonly PredictedSpan[] | Readonly<Record<string, number>>
  >
>;

/** A labelled part of a text, from one character to before another. */
export interface PredictedSpan {
  readonly label: string;
  readonly probability: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Options of `opened`. */
export interface OpenedOptions {
  readonly signal: AbortSignal;
  /** The base of an adapter. */
  readonly model?: ModelSource;
  /** The length to which texts are cut, where a run records it beside its files. */
  readonly maxTokens?: number;
}

/** How well a run's model does on some examples. What a task does not measure is omitted. */
export interface TrainedMeasurement extends Partial<Confusion> {
  /** The task's metrics, with the intervals of a report. */
  readonly metrics: ReportedMetrics;
  /** Number of texts with one label each, or of words with a label. */
  readonly count?: number;
  /** Number of those words that are beyond the maximum length. */
  readonly cut?: number;
  /** Accuracy of always predicting the label that most of these texts have. */
  readonly largestClass?: number;
  /** Each class by itself, in the order of the model's labels. */
  readonly perClass?: readonly ClassScores[];
  /** The entities of each label by themselves. */
  readonly perEntity?: readonly EntityScores[];
  /** Each label by itself, for tasks with several labels a text. */
  readonly labels?: readonly LabelScores[];
}

/** The model of a finished run. */
export interface TrainedModel<E> {
  /** Disposing of it frees the model. */
  readonly encoder: { dispose(): void };
  /** Names of its classes, in order, by which other files of examples are read; omitted without classes. */
  readonly labels?: readonly string[];
  /** A prediction for each text; omitted where other commands use the model: `usedBy`. */
  predict?(asked: readonly Asked[], events: MeasureEvents): Promise<readonly PredictedValues[]>;
  /**
   * Measures some examples as the report of a run does.
   * @param others further examples of the same data, for tasks that search among all of them
   */
  measure(examples: readonly E[], events: MeasureEvents, others?: readonly E[]): Promise<TrainedMeasurement>;
}

/** The part of the data that an example belongs to. "spare" is held out to choose a step; the head-only baseline is fitted to it too. */
export type ExampleUse = "train" | "spare" | "held";

/** The tokenized examples of each part. */
export interface TokenizedParts<X> {
  readonly train: readonly X[];
  /** Choose the step; empty if the last step is kept. */
  readonly validation: readonly X[];
  /** Measured once, at the end: the test, or the validation if there is no test. */
  readonly measured: readonly X[];
}

/** A measurement on some examples. */
export interface Measured {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  /** The prediction for example number `i`; omitted if the task has none. */
  readonly predictionOf?: (i: number) => ShownPrediction;
}

/** What `fit` gets to train a model on some examples. */
export interface TaskTraining<X> {
  readonly task: Task<X>;
  readonly options: FitOptions;
  /** Whether layers are recomputed for their gradients. */
  readonly checkpointing: boolean;
  /** Measures the model between two steps; default: the model. */
  readonly evaluator?: Evaluator<X>;
}

/** Measures a model in its current state. */
export interface Evaluator<X> {
  measure(examples: readonly X[], events: MeasureEvents): Promise<Measured>;
}

/** A model in training. One run or fold uses it and then disposes of it. */
export interface TaskModel<E, X extends TokenizedExample> extends Evaluator<X> {
  readonly graph: Graph;
  /** The variables that training changes, always in the same order. */
  params(): NodeId[];
  /** The adapter in training; null if only the head is trained. */
  readonly modelAdapter: ModelAdapter | null;
  /** Number of trained parameters. */
  readonly parameters: { readonly adapter: number; readonly head: number };
  /** The metric that chooses the step to keep, where it depends on the data; default: the task's. */
  readonly chosenBy?: string;
  /** Tokens of an example. Throws `ConfigError` with the place in the file for one that cannot be used. */
  tokenize(example: E, file: string, use: ExampleUse): X;
  /** Checks the data again, with the model's tokenizer. `onProgress` is called with the number of examples done. */
  describe?(onProgress: (done: number) => void): Promise<void>;
  /** Training on these examples. It changes nothing here: calls for other examples do not disturb one another. */
  training(train: readonly X[], options: FitOptions): TaskTraining<X>;
  /** Computes the bytes of a step on some examples, with that checkpointing. */
  stepMemory(checkpointing: boolean): Pick<Task<X>, "memory">;
  /** Bytes for measuring these examples, if this may exceed a step's. */
  measuringMemory?(examples: readonly X[]): number;
  /** Counts shown with the number of examples, such as words. */
  counts?(examples: readonly X[]): Readonly<Record<string, number>>;
  /** Fields of the ready event's `data` besides files and labels. */
  readonly details?: object;
  /** The loss of guessing, in nats; omitted or null if none tells that training has diverged. With the weight of the examples of a step. */
  guessing?(batchAt: (step: number) => readonly X[], train: readonly X[]): Guessing | null;
  /** Tokens that `baseline` and `finish` compute. */
  reads(tokens: TokenizedParts<number>): { readonly baseline: number; readonly finish: number };
  /** Measures the baselines and initialises the head. Returns the state for checkpoints: plain data that JSON can hold. */
  baseline(parts: TokenizedParts<X>): Promise<object>;
  /**
   * Measures the result.
   * @param state the result of `baseline`, from this call or the run's first
   * @param fitted the result of training; null if only the head was fitted
   */
  finish(state: object, parts: TokenizedParts<X>, fitted: FitReport | null): Promise<RunOutcome>;
  /** How the model is trained again on all rows, which is saved then; omitted where the task has no such fit. */
  readonly finalFit?: FinalFit<X>;
  /** The run's files besides its report. */
  files(): FileMap | Promise<FileMap>;
  dispose(): void;
}

/** A fit of a new model on the rows of training and validation, once the first fit has chosen the step. */
export interface FinalFit<X> {
  /** Tokens that `begin` and `end` compute for rows of these numbers of tokens. */
  reads(all: readonly number[]): number;
  /** Initialises the head. @param validated `validated` of the first fit's outcome */
  begin(all: readonly X[], validated: object | undefined): Promise<void>;
  /** Called after the last step. */
  end?(all: readonly X[]): Promise<void>;
}

/** The loss of guessing. */
export interface Guessing {
  readonly loss: number;
  /** The total weight of a step's examples; default: equal for all steps. */
  readonly weightOf?: (step: number) => number;
}
