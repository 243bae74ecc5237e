import type { FileMap } from "../../io/file-access.js";
import type { ModelSource } from "../../io/model-source.js";
import type { JobSources } from "../../training/sources/job-sources.js";
import type { LoadOptions } from "../../models/sentence/encoder-options.js";
import type { CausalLanguageModel as LocalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerateOptions, GenerationRequestOptions, Prompt } from "../../models/language/generate-options.js";
import type { LanguageModelOptions } from "../../models/language/load-language-model.js";
import type { SentenceEncoder as LocalEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassifierFitOptions } from "../../tasks/head/classifier-training.js";
import type { OpenClassifierOptions, OpenRunOptions } from "../../tasks/head/classifier-parts.js";
import type { TextClassifier as LocalClassifier } from "../../tasks/classify/text-classifier.js";
import type { TextRegressor as LocalRegressor } from "../../tasks/regress/text-regressor.js";
import type { TokenClassifier as LocalTokenClassifier } from "../../tasks/tokens/token-classifier.js";
import type { CrossEncoder as LocalCrossEncoder } from "../../tasks/cross/cross-encoder.js";
import type { CrossActivation, LoadCrossEncoderOptions } from "../../tasks/cross/cross-options.js";
import type { OpenTokenClassifierOptions } from "../../tasks/tokens/token-parts.js";
import type { JobOptions } from "../../jobs/run-job.js";
import type { classes } from "../calls.js";
import type { WorkerCachedModel } from "./known-objects.js";
import type { WorkerSources } from "./kept-runs.js";
import type { InWorker } from "./shared-worker.js";

/** Methods as they are here, each returning a promise. What a training step asks for is listed beforehand. */
type Remote<T, Method extends keyof T> = {
  readonly [M in Method]: T[M] extends (...args: infer Args) => infer Result
    ? (...args: { [I in keyof Args]: RemoteArgument<Args[I]> }) => Promise<Awaited<Result>>
    : never;
};
type RemoteArgument<A> = A extends object ? ("schedule" extends keyof A ? WorkerTraining<A> : A) : A;

/** Options of a training in a worker, whose functions of the step may be lists. */
type WorkerTraining<Options> = Omit<Options, "schedule" | "order"> & StepLists;
interface StepLists {
  /** Learning rate by step: a list, or a function, which is called for every step before training begins and needs `steps`. */
  readonly schedule?: ClassifierFitOptions["schedule"] | ArrayLike<number>;
  /** Indices of each step's examples: a list, or a function, which is called for every step before training begins and needs `steps`. */
  readonly order?: ClassifierFitOptions["order"] | readonly ArrayLike<number>[];
}
type MethodsOf<Name extends keyof typeof classes, T> = keyof (typeof classes)[Name]["methods"] & keyof T;

/** A sentence encoder in a worker: the methods of `SentenceEncoder` in `lowrank`, each returning a promise. */
export interface RemoteEncoder extends Remote<LocalEncoder, MethodsOf<"SentenceEncoder", LocalEncoder>> {
  /** Name of the base model, which adapters record. */
  readonly name: string;
  /** Length of a sentence vector. */
  readonly hiddenSize: number;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * How a classifier in a worker is trained. The functions among the options run in your page, progress at most once a frame; what they throw
 * ends the training.
 */
export type WorkerFitOptions = WorkerTraining<ClassifierFitOptions>;

/** A text classifier in a worker: the methods of `TextClassifier` in `lowrank`, each returning a promise. */
export interface RemoteClassifier<Label extends string = string, Multi extends boolean = false> extends Remote<
  LocalClassifier<Label, Multi>,
  MethodsOf<"TextClassifier", LocalClassifier<Label, Multi>>
> {
  /** The encoder below the head, which lives in the same worker. */
  readonly encoder: RemoteEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** Name of the classifier's adapter in the encoder; null if only the head is trained, or the adapter is merged into the base. */
  readonly adapter: string | null;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A token classifier in a worker: the methods of `TokenClassifier` in `lowrank`, each returning a promise. */
export interface RemoteTokenClassifier<Label extends string = string> extends Remote<
  LocalTokenClassifier<Label>,
  MethodsOf<"TokenClassifier", LocalTokenClassifier>
> {
  /** The model below the head, in the same worker. If `open` loaded it, the classifier's `dispose` frees it too. */
  readonly encoder: RemoteEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly Label[];
  /** Name of the classifier's adapter in the encoder; null if only the head is trained. */
  readonly adapter: string | null;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A cross-encoder in a worker: the methods of `CrossEncoder` in `lowrank`, each returning a promise. */
export interface RemoteCrossEncoder<Score extends number | number[] = number> extends Remote<
  LocalCrossEncoder<Score>,
  MethodsOf<"CrossEncoder", LocalCrossEncoder>
> {
  /** The encoder below the head, in the same worker. If `load` loaded it, the cross-encoder's `dispose` frees it too. */
  readonly encoder: RemoteEncoder;
  /** Names of the logits. */
  readonly labels: readonly string[];
  /** Name of its adapter in the encoder; null if only the head is trained. */
  readonly adapter: string | null;
  /** What makes scores of logits, unless a call says otherwise. */
  readonly activation: CrossActivation;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A regressor in a worker: the methods of `TextRegressor` in `lowrank`, each returning a promise. */
export interface RemoteRegressor extends Remote<LocalRegressor, MethodsOf<"TextRegressor", LocalRegressor>> {
  /** The model below the head, in the same worker. */
  readonly encoder: RemoteEncoder;
  /** What is predicted: the column of the numbers. */
  readonly name: string;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `CrossEncoder.load` in a worker. */
export type WorkerCrossEncoderOptions = Omit<LoadCrossEncoderOptions, "engine" | "model"> &
  InWorker & {
    /** The base of a folder with an adapter in place of weights; default: the one that adapter_config.json names. */
    readonly model?: WorkerModel;
  };

/** Methods of a language model that return generators. */
type Streams = "generate" | "generateTokens" | "generateBatch";

/** Options of `generate` in a worker. */
export type WorkerGenerateOptions = Omit<GenerateOptions, "assistantModel"> & {
  /** A smaller model in the same worker, which drafts tokens. */
  readonly assistantModel?: RemoteLanguageModel | undefined;
};

/** What a language model and its sessions generate. */
interface RemoteGeneration {
  /** Pieces of text as they are generated: `CausalLanguageModel.generate`. */
  generate(prompt: Prompt, options?: WorkerGenerateOptions): ReturnType<LocalLanguageModel["generate"]>;
  /** Tokens as they are generated: `CausalLanguageModel.generateTokens`. */
  generateTokens(prompt: Prompt, options?: WorkerGenerateOptions): ReturnType<LocalLanguageModel["generateTokens"]>;
}

/**
 * A language model in a worker: the methods of `CausalLanguageModel` in `lowrank`, each returning a promise. `generate`, `generateTokens` and
 * `generateBatch` are generators here too: leaving one ends it in the worker, and options are checked when the first piece is requested.
 */
export interface RemoteLanguageModel
  extends
    Remote<LocalLanguageModel, Exclude<MethodsOf<"CausalLanguageModel", LocalLanguageModel>, Streams | "session">>,
    RemoteGeneration {
  /** Name of the base model, which adapters record. */
  readonly name: string;
  /** Maximum length of a text in tokens, prompt and generated text together. */
  readonly maxTokens: number;
  /** Answers to several prompts in one batch: `CausalLanguageModel.generateBatch`. */
  generateBatch(
    requests: readonly (Omit<GenerationRequestOptions, "assistantModel"> &
      Pick<WorkerGenerateOptions, "assistantModel">)[],
    options?: Parameters<LocalLanguageModel["generateBatch"]>[1],
  ): ReturnType<LocalLanguageModel["generateBatch"]>;
  /** A session, which reuses in the worker what it has computed for an earlier text with the same beginning. Dispose of it. */
  session(): Promise<RemoteSession>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A generation session in a worker; see `CausalLanguageModel.session` in `lowrank`. */
export interface RemoteSession extends RemoteGeneration {
  /** A second session that continues from the same tokens. */
  fork(): Promise<RemoteSession>;
  /** Frees its memory in the worker. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Options of `CausalLanguageModel.load` in a worker. */
export type WorkerLanguageModelOptions = Omit<LanguageModelOptions, "engine"> & InWorker;

/** A model for a worker: a folder or a URL, files by name, a `ModelSource`, or a cached model. */
export type WorkerModel = string | FileMap | ModelSource | WorkerCachedModel;

/** Options of `SentenceEncoder.load` in a worker. */
export type WorkerLoadOptions = Omit<LoadOptions, "engine" | "model"> &
  InWorker & {
    /** The base of a folder with an adapter in place of weights; default: the one that adapter_config.json names. */
    readonly model?: WorkerModel;
  };

/** Options of `TextClassifier.open` in a worker. */
export type WorkerOpenOptions<Label extends string = string> = Omit<OpenClassifierOptions<Label>, "engine" | "model"> &
  InWorker & {
    /** The base model; default: the one that the classifier's files name. */
    readonly model?: WorkerModel;
  };

/** Options of `TextRegressor.open` in a worker. */
export type WorkerOpenRunOptions = Omit<OpenRunOptions, "engine" | "model"> &
  InWorker & {
    /** The base model; default: the one that the files name. */
    readonly model?: WorkerModel;
  };

/** Options of `TokenClassifier.open` in a worker. */
export type WorkerOpenTokensOptions<Label extends string = string> = Omit<
  OpenTokenClassifierOptions<Label>,
  "engine" | "model"
> &
  InWorker & {
    /** The base model of an adapter; default: the one that its files name. */
    readonly model?: WorkerModel;
  };
/** Options of `runJob` in a worker. */
export interface WorkerJobOptions extends Omit<JobOptions, "optionNames" | "sources">, InWorker {
  /** Where models and data come from: the page's sources, or `keptSources`. Default: URLs, in Node also files and the hub. */
  readonly sources?: JobSources | WorkerSources;
  /** How often a run resumes in a new worker after its worker died; default 1. Aborting or `terminate` ends it. */
  readonly restarts?: number;
}
