import type { FileMap } from "../../io/file-map.js";
import type { ModelSource } from "../../io/model-source.js";
import type { JobSources } from "../../training/sources/job-sources.js";
import type { LoadOptions } from "../../models/sentence/encoder-options.js";
import type { CausalLanguageModel as LocalLanguageModel } from "../../models/language/causal-language-model.js";
import type { GenerationSession } from "../../models/language/generation-session.js";
import type { LanguageFitOptions } from "../../models/language/training/fit-settings.js";
import type { LanguageModelOptions } from "../../models/language/load-language-model.js";
import type { LanguageExample } from "../../models/language/training/example-formats.js";
import type { SentenceEncoder as LocalEncoder } from "../../models/sentence/sentence-encoder.js";
import type { ClassifierFitOptions } from "../../tasks/classifier-training.js";
import type { OpenClassifierOptions } from "../../tasks/classifier-options.js";
import type { TextClassifier as LocalClassifier } from "../../tasks/text-classifier.js";
import type { TokenClassifier as LocalTokenClassifier } from "../../tasks/tokens/token-classifier.js";
import type { TokenExample } from "../../tasks/tokens/token-examples.js";
import type { OpenTokenClassifierOptions, TokenFitOptions } from "../../tasks/tokens/token-options.js";
import type { Example } from "../../io/examples/example.js";
import type { FitReport } from "../../train/fit-options.js";
import type { JobOptions } from "../../training/run-job.js";
import type { classes } from "../calls.js";
import type { WorkerKeptModel } from "./kept-there.js";
import type { WorkerSources } from "./kept-runs.js";
import type { InWorker } from "./shared-worker.js";

/** Methods as they are, each with a promise of what it gives. */
type Remote<T, Method extends keyof T> = {
  readonly [M in Method]: T[M] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};
type MethodsOf<Name extends keyof typeof classes, T> = keyof (typeof classes)[Name]["methods"] & keyof T;

/** A sentence encoder in a worker: the methods of `SentenceEncoder` in `lowrank`, each with a promise of what it gives. */
export interface RemoteEncoder extends Remote<LocalEncoder, MethodsOf<"SentenceEncoder", LocalEncoder>> {
  /** Name of the base, which adapters record. */
  readonly name: string;
  /** Length of a sentence vector. */
  readonly hiddenSize: number;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a classifier in a worker is trained. What `fit` calls is called in your page, and what it throws ends the training. */
export interface WorkerFitOptions extends Omit<ClassifierFitOptions, "schedule" | "order"> {
  /** Learning rate by step, a list or a function; that is called for every step as training begins, and needs `steps`. */
  readonly schedule?: ClassifierFitOptions["schedule"] | ArrayLike<number>;
  /** Places of each step's examples, a list or a function; that is called for every step as training begins, and needs `steps`. */
  readonly order?: ClassifierFitOptions["order"] | readonly ArrayLike<number>[];
}

/** A text classifier in a worker: the methods of `TextClassifier` in `lowrank`, each with a promise of what it gives. */
export interface RemoteClassifier extends Remote<
  LocalClassifier,
  Exclude<MethodsOf<"TextClassifier", LocalClassifier>, "fit">
> {
  /** The encoder below the head, which lives in the same worker. */
  readonly encoder: RemoteEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
  /** Name of the classifier's adapter in the encoder; null for a head alone, and where the base's weights hold it. */
  readonly adapter: string | null;
  /** Trains adapter and head together, as `TextClassifier.fit` in `lowrank`. Progress is told at most once a frame, the newest. */
  fit(examples: readonly Example[], options?: WorkerFitOptions): Promise<FitReport>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A classifier of tokens in a worker: the methods of `TokenClassifier` in `lowrank`, each with a promise of what it gives. */
export interface RemoteTokenClassifier extends Remote<
  LocalTokenClassifier,
  Exclude<MethodsOf<"TokenClassifier", LocalTokenClassifier>, "fit">
> {
  /** The model below the head, which lives in the same worker and goes with the classifier's `dispose` where `open` loaded it. */
  readonly encoder: RemoteEncoder;
  /** Names of the classes, in the order of the logits. */
  readonly labels: readonly string[];
  /** Name of the classifier's adapter in the encoder; null for a head alone. */
  readonly adapter: string | null;
  /** Trains adapter and head together, as `TokenClassifier.fit` in `lowrank`. Progress is told at most once a frame, the newest. */
  fit(
    examples: readonly TokenExample[],
    options?: Omit<TokenFitOptions, "schedule" | "order"> & Pick<WorkerFitOptions, "schedule" | "order">,
  ): Promise<FitReport>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Methods of a language model that give their result piece by piece. */
type Streams = "generate" | "generateTokens" | "generateBatch";

/**
 * A language model in a worker: the methods of `CausalLanguageModel` in `lowrank`, each with a promise of what it gives. `generate` and its
 * like are generators here too; who leaves one ends it in the worker. What makes no sense is refused when the first piece is asked for.
 */
export interface RemoteLanguageModel
  extends
    Remote<
      LocalLanguageModel,
      Exclude<MethodsOf<"CausalLanguageModel", LocalLanguageModel>, Streams | "fit" | "session">
    >,
    Pick<LocalLanguageModel, Streams> {
  /** Name of the base, which adapters record. */
  readonly name: string;
  /** Tokens that a text may have, prompt and what is generated together. */
  readonly maxTokens: number;
  /** Keeps in the worker what it has computed of a text, for the next one that begins alike. Dispose of it. */
  session(): Promise<RemoteSession>;
  /** Trains an adapter, as `CausalLanguageModel.fit` in `lowrank`. Progress is told at most once a frame, the newest. */
  fit(
    examples: readonly LanguageExample[],
    options?: Omit<LanguageFitOptions, "schedule" | "order"> & Pick<WorkerFitOptions, "schedule" | "order">,
  ): Promise<FitReport>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Texts in a worker that go on from each other: as a language model's `session` in `lowrank`. */
export interface RemoteSession extends Pick<GenerationSession, "generate" | "generateTokens"> {
  /** Another session that goes on from the same tokens. */
  fork(): Promise<RemoteSession>;
  /** Gives its memory in the worker back. */
  dispose(): Promise<void>;
  /** `dispose`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a language model is loaded into a worker. */
export type WorkerLanguageModelOptions = Omit<LanguageModelOptions, "engine"> & InWorker;

/** A model for a worker: a folder or an address, files by name, where they come from, or one that the browser keeps. */
export type WorkerModel = string | FileMap | ModelSource | WorkerKeptModel;

/** How a model is loaded into a worker. */
export type WorkerLoadOptions = Omit<LoadOptions, "engine"> & InWorker;
/** How a classifier is opened in a worker. */
export type WorkerOpenOptions = Omit<OpenClassifierOptions, "engine" | "model"> &
  InWorker & {
    /** The model below the classifier, where it is not the one that its files name. */
    readonly model?: WorkerModel;
  };

/** How a classifier of tokens is opened in a worker. */
export type WorkerOpenTokensOptions = Omit<OpenTokenClassifierOptions, "engine" | "model"> &
  InWorker & {
    /** The model below an adapter's files, where it is not the one that they name. */
    readonly model?: WorkerModel;
  };
/** How a job is run in a worker. */
export interface WorkerJobOptions extends Omit<JobOptions, "words" | "sources">, InWorker {
  /** What the names in the spec lead to, in the page, or `keptSources`; default addresses, in Node files and the hub too. */
  readonly sources?: JobSources | WorkerSources;
  /** How often the run goes on in a new worker where its own has died; default 1. An abort, and `terminate`, end it. */
  readonly restarts?: number;
}
